import { type Tensor, zeros } from "./tensor.ts";

export type Matrix = readonly (readonly number[])[];

/** u = σ(M·x) − mean, pixel by pixel; x is (N,C,H,W). */
export function colourForward(x: Tensor, matrix: Matrix, mean: readonly number[]): Tensor {
  return eachPixel(x, (pixel) =>
    matrix.map((row, c) => 1 / (1 + Math.exp(-weighted(row, pixel))) - mean[c]!),
  );
}

/** dx = Mᵀ·(σ′·du) with σ′ = rgb·(1 − rgb) of the image u = rgb − mean. */
export function colourBackward(du: Tensor, u: Tensor, matrix: Matrix, mean: readonly number[]): Tensor {
  return eachPixel(du, (gradient, at) => {
    const slopes = at.map((index, c) => {
      const rgb = u.data[index]! + mean[c]!;
      return rgb * (1 - rgb) * gradient[c]!;
    });
    return matrix.map((_, k) => matrix.reduce((sum, row, c) => sum + row[k]! * slopes[c]!, 0));
  });
}

function weighted(row: readonly number[], pixel: readonly number[]): number {
  return row.reduce((sum, entry, k) => sum + entry * pixel[k]!, 0);
}

/** @param change colours of a pixel, and where they stand, to new colours */
function eachPixel(x: Tensor, change: (pixel: number[], at: number[]) => number[]): Tensor {
  const [batch, channels, height, width] = x.shape;
  const area = height * width;
  const y = zeros(x.shape);
  for (let i = 0; i < batch * area; i++) {
    const first = Math.floor(i / area) * channels * area + (i % area);
    const at = Array.from({ length: channels }, (_, c) => first + c * area);
    const colours = change(
      at.map((index) => x.data[index]!),
      at,
    );
    for (const [c, index] of at.entries()) y.data[index] = colours[c]!;
  }
  return y;
}
