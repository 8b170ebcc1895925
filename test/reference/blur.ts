import { type Tensor, zeros } from "./tensor.ts";

/** exp(−i²/2σ²) for i = −r … r, r = ⌊4σ + 0.5⌋, divided by their sum. */
export function gaussianWeights(sigma: number): Float64Array {
  const radius = Math.floor(4 * sigma + 0.5);
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / sum);
}

/** Index −1 is 0, −2 is 1, n is n−1: d c b a | a b c d | d c b a, repeated for any distance. */
export function reflect(index: number, length: number): number {
  const period = 2 * length;
  const folded = ((index % period) + period) % period;
  return folded < length ? folded : period - 1 - folded;
}

/**
 * Gaussian blur of each plane, first along rows, then along columns; scipy.ndimage.gaussian_filter with its
 * default `reflect` border and `truncate` 4.
 *
 * @param x (N,C,H,W)
 * @param sigma standard deviation in pixels, > 0
 */
export function gaussianBlur(x: Tensor, sigma: number): Tensor {
  return blurColumns(blurRows(x, sigma), sigma);
}

/** The first half: every row by itself. */
export function blurRows(x: Tensor, sigma: number): Tensor {
  return blurAlong(x, gaussianWeights(sigma), "width");
}

/** The second half: every column by itself. */
export function blurColumns(x: Tensor, sigma: number): Tensor {
  return blurAlong(x, gaussianWeights(sigma), "height");
}

/** @param weights of −r … r, applied to each line along `axis` */
export function blurAlong(x: Tensor, weights: Float64Array, axis: "width" | "height"): Tensor {
  const [batch, channels, height, width] = x.shape;
  const radius = (weights.length - 1) / 2;
  const out = zeros(x.shape);
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        let sum = 0;
        for (let k = -radius; k <= radius; k++) {
          const row = axis === "height" ? reflect(i + k, height) : i;
          const column = axis === "width" ? reflect(j + k, width) : j;
          sum += weights[k + radius]! * x.data[(plane * height + row) * width + column]!;
        }
        out.data[(plane * height + i) * width + j] = sum;
      }
    }
  }
  return out;
}
