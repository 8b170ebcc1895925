import type { Tensor } from "./tensor.ts";

/** What is shown has this deviation, and the deviation it is divided by is this much more. */
export interface Standard {
  readonly deviation: number;
  readonly epsilon: number;
}

/**
 * Of the colours u + mean of every image its mean m and deviation/(σ + epsilon), σ the standard deviation of all its numbers.
 * @param u (N,C,H,W)
 * @returns (N,2)
 */
export function standardizeStatistics(
  u: Tensor,
  mean: readonly number[],
  { deviation, epsilon }: Standard,
): Float64Array {
  const [batch, channels, height, width] = u.shape;
  const area = height * width;
  const statistics = new Float64Array(2 * batch);
  for (let n = 0; n < batch; n++) {
    const rgb = u.data
      .slice(channels * n * area, channels * (n + 1) * area)
      .map((value, i) => value + mean[Math.floor(i / area)]!);
    const m = rgb.reduce((sum, x) => sum + x, 0) / rgb.length;
    const variance = rgb.reduce((sum, x) => sum + (x - m) ** 2, 0) / rgb.length;
    statistics.set([m, deviation / (Math.sqrt(variance) + epsilon)], 2 * n);
  }
  return statistics;
}
