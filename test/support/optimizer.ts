/** One optimizer step for the kernels' test cases: its twin by kind, the sums it divides by, and how far off it may be. */
import type { OptimizerKind } from "../../src/optvis/recipe.ts";
import { type Tensor, tensor } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import { DIVISION, EPSILON, roundings } from "./compare.ts";

export const optimizerTwins = {
  sgd: twin.update_sgd,
  normalized: twin.update_normalized,
  rms: twin.update_rms,
  mean: twin.update_mean,
  momentum: twin.update_momentum,
  adam: twin.update_adam,
  rmsprop: twin.update_rmsprop,
  nadam: twin.update_nadam,
} as const;

/** Σ g² of each image, or Σ |g| where the optimizer takes the mean of that. @param g (N,length) */
export function gradientSums(kind: OptimizerKind, g: Float32Array, batch: number): Float32Array {
  const perImage = g.length / batch;
  const range = { batch, stride: perImage, offset: 0, count: perImage, scale: 1 };
  return Float32Array.from(twin.reduce_partials(kind === "mean" ? "absolute" : "squares", g, range));
}

/** WGSL: 1 / inverseSqrt(x), 2 ULP and a division, so as much as five operations. */
const SQUARE_ROOT = 5;

/**
 * Per element: the last sum rounds |x| + |change|; the change itself comes of at most `depth` roundings of a
 * product and quotient whose factors keep their sign, but for the first moment, bounded by absolute values.
 * The clamp's bounds are rounded too.
 */
export function stepBound(
  kind: OptimizerKind,
  x: Tensor,
  g: Float32Array,
  moments: { readonly first: Tensor; readonly second: Tensor },
  lr: number,
  t: number,
): Float64Array {
  const [first, second] = [moments.first.data.map(Math.abs), moments.second.data];
  const change = { shape: x.shape, data: new Float64Array(x.data.length) };
  const positive = {
    first: { shape: x.shape, data: first },
    second: { shape: x.shape, data: second.slice() },
  };
  optimizerTwins[kind](change, tensor(x.shape, g.map(Math.abs)), positive, lr, t);
  // Rounding of lr, Σg² or the corrections; moments, mean, root, 1e-8 and its sum, product and quotient.
  // NAdam's two factors: exponential, product, two differences and a quotient each, and their sum.
  const factors = kind === "nadam" ? 6 + 4 + 2 * DIVISION : 0;
  const depth = 3 + 5 + 2 * DIVISION + SQUARE_ROOT + 2 + 1 + DIVISION + factors;
  return x.data.map((value, i) => {
    const size = change.data[i]!;
    // The sum, and the decay's difference and product.
    return roundings(3) * (Math.abs(value) + size) + roundings(depth) * size + 2 * EPSILON;
  });
}
