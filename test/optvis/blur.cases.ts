import { blur } from "../../src/optvis/regularizers.ts";
import { blurAlong, gaussianWeights } from "../reference/blur.ts";
import { type Shape4, sizeOf, type Tensor, tensor } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import type { GpuCase } from "../stacks/case.ts";
import {
  absolute,
  DIVISION,
  EPSILON,
  expectExact,
  expectWithin,
  noise,
  roundings,
} from "../support/compare.ts";
import { kernelCase, type Proof } from "../support/execute.ts";

interface Blurred {
  readonly shape: Shape4;
  readonly sigma: number;
}

/** Radii 0, 2, 3, 4, 8 and 20, some of them larger than the image several times over. */
const BLURRED: readonly Blurred[] = [
  { shape: [1, 3, 1, 1], sigma: 0.5 },
  { shape: [2, 3, 5, 9], sigma: 0.5 },
  { shape: [1, 3, 8, 3], sigma: 1 },
  { shape: [1, 3, 1, 17], sigma: 2 },
  { shape: [3, 3, 7, 2], sigma: 5 },
  { shape: [1, 3, 4, 6], sigma: 0.7 },
  { shape: [1, 3, 3, 4], sigma: 0.1 },
];

function blurBoth({ shape, sigma }: Blurred): Proof {
  const x = tensor(shape, noise(1, sizeOf(shape)));
  const [batch, channels, height, width] = shape;
  return {
    buffers: { image: Float32Array.from(x.data), rows: 4 * sizeOf(shape) },
    dispatches: blur({ planes: batch * channels, height, width, sigma }, { image: "image", scratch: "rows" }),
    check(read) {
      const rows = twin.blur_rows(x, sigma);
      const rowsError = errorOf(absolute(x), sigma, "width");
      expectWithin("rows", read.f32("rows"), rows.data, rowsError.data, 1);
      // Columns are blurred of the rows the GPU made, so that only their own error counts.
      const made = tensor(shape, read.f32("rows"));
      const error = errorOf(absolute(made), sigma, "height");
      expectWithin("columns", read.f32("image"), twin.blur_columns(made, sigma).data, error.data, 1);
    },
  };
}

/**
 * The most that float32 may be off: a weight exp(−a) carries a relative error of 5aε from its argument (a
 * square, a product and a division) and 3 + 2a ULP from exp (WGSL, section on accuracy), so (9a + 6)ε; then
 * products, sums, the norm (with the same errors) and a division.
 */
function errorOf(magnitude: Tensor, sigma: number, axis: "width" | "height"): Tensor {
  const weights = gaussianWeights(sigma);
  const radius = (weights.length - 1) / 2;
  const spread = weights.map((weight, i) => {
    const argument = (i - radius) ** 2 / (2 * sigma ** 2);
    return weight * ((9 * argument + 6) * EPSILON + roundings(weights.length + 1));
  });
  const relativeNorm = spread.reduce((sum, value) => sum + value, 0) + roundings(DIVISION);
  const ofWeights = blurAlong(magnitude, spread, axis).data;
  const ofNorm = blurAlong(magnitude, weights, axis).data;
  return { shape: magnitude.shape, data: ofWeights.map((value, i) => value + relativeNorm * ofNorm[i]!) };
}

/** σ may be set to 0 while running: the image stays as it is. */
function noBlur(shape: Shape4): Proof {
  const image = noise(1, sizeOf(shape));
  const [batch, channels, height, width] = shape;
  return {
    buffers: { image, rows: image.byteLength },
    dispatches: blur(
      { planes: batch * channels, height, width, sigma: 0 },
      { image: "image", scratch: "rows" },
    ),
    check: (read) => expectExact("image", read.f32("image"), image),
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(["blur_rows", "blur_columns"], "radius below and beyond the image", BLURRED, blurBoth),
  kernelCase(["blur_rows", "blur_columns"], "σ = 0 changes nothing", [[2, 3, 4, 5]], noBlur),
];
