import type { Tensor } from "./tensor.ts";

/** Σ_c u² of every pixel, (N,area). */
export function clipByNorm(u: Tensor): Float64Array {
  return overColours(u, (value) => value * value);
}

/** |Σ_c u·g| of every pixel, (N,area). */
export function clipByContribution(u: Tensor, gradient: Tensor): Float64Array {
  return overColours(u, (value, at) => value * gradient.data[at]!).map(Math.abs);
}

function overColours(u: Tensor, term: (value: number, at: number) => number): Float64Array {
  const [batch, channels, height, width] = u.shape;
  const area = height * width;
  return Float64Array.from({ length: batch * area }, (_, index) => {
    const first = Math.floor(index / area) * channels * area + (index % area);
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += term(u.data[first + c * area]!, first + c * area);
    return sum;
  });
}

/** The ⌈percent/100·(area − 1)⌉-th smallest measure of each image, counted from 0. */
export function clipSelect(measure: ArrayLike<number>, batch: number, percent: number): Float64Array {
  const area = measure.length / batch;
  const rank = Math.ceil(Math.fround(((area - 1) / 100) * percent));
  return Float64Array.from({ length: batch }, (_, n) => {
    const sorted = Array.from(measure).slice(n * area, (n + 1) * area);
    return sorted.sort((a, b) => a - b)[rank]!;
  });
}

/** Pixels that measure less than their image's threshold are set to zero, in place. */
export function clipSmall(u: Tensor, measure: ArrayLike<number>, thresholds: ArrayLike<number>): void {
  const [, channels, height, width] = u.shape;
  const area = height * width;
  u.data.forEach((_, at) => {
    const n = Math.floor(at / (channels * area));
    if (measure[n * area + (at % area)]! < thresholds[n]!) u.data[at] = 0;
  });
}
