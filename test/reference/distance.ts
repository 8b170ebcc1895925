import type { Tensor } from "./tensor.ts";

/** Σ (a − t)² of each image. @param t one image's numbers, repeated as often as it takes */
export function distanceForward(a: Tensor, t: Float64Array): Float64Array {
  const stride = a.data.length / a.shape[0];
  const sums = new Float64Array(a.shape[0]);
  for (const [i, value] of a.data.entries()) {
    sums[Math.floor(i / stride)]! += (value - t[(i % stride) % t.length]!) ** 2;
  }
  return sums;
}

/** 2·(a − t). */
export function distanceBackward(a: Tensor, t: Float64Array): Tensor {
  const stride = a.data.length / a.shape[0];
  return { shape: a.shape, data: a.data.map((value, i) => 2 * (value - t[(i % stride) % t.length]!)) };
}
