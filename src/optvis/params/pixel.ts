/** Pixels: the resident image u = RGB − mean itself is optimised. */
import type { Param } from "./param.ts";

/** Standard deviation of the noise start, in RGB 0–1 units. */
const NOISE = 0.01;

const plan: Param["plan"] = (_, { image, gradient }) => ({
  values: image,
  gradient,
  forward: [],
  backward: [],
});

export const pixel: Param = {
  length: ([height, width]) => 3 * height * width,
  plan,
  plane: {
    // At half opacity a step is as long in opacity as it would be in RGB.
    slope: 4,
    length: ([height, width]) => height * width,
    plan,
    fromPlane: (plane) => Float32Array.from(plane),
  },
  noise: (normal, [height, width]) =>
    Float32Array.from({ length: 3 * height * width }, () => NOISE * normal()),
  fromRgb(rgb, { size: [height, width], mean }) {
    const area = height * width;
    return Float32Array.from(rgb, (x, i) => x - (mean[Math.floor(i / area)] as number));
  },
};
