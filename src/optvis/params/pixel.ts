/** Pixels: the resident image u = colours − mean itself is optimised. */
import type { Param } from "./param.ts";

/** Standard deviation of the noise start, in units of 0–1. */
const NOISE = 0.01;

const plan: Param["plan"] = (_, { image, gradient }) => ({
  values: image,
  gradient,
  forward: [],
  backward: [],
});

export const pixel: Param = {
  length: ([height, width], colours) => colours * height * width,
  plan,
  plane: {
    // At half opacity a step is as long in opacity as it would be in colour.
    slope: 4,
    length: ([height, width]) => height * width,
    plan,
    fromPlane: (plane) => Float32Array.from(plane),
  },
  noise: (normal, [height, width], colours) =>
    Float32Array.from({ length: colours * height * width }, () => NOISE * normal()),
  fromPicture(picture, { size: [height, width], mean }) {
    const area = height * width;
    return Float32Array.from(picture, (x, i) => x - (mean[Math.floor(i / area)] as number));
  },
};
