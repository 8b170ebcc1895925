import { type Tensor, zeros } from "./tensor.ts";

/** Σ|x − c| of each image. */
export function l1Forward(x: Tensor, c: number): Float64Array {
  return byImage(x, (value) => Math.abs(value - c));
}

export function l1Backward(x: Tensor, c: number): Tensor {
  return { shape: x.shape, data: x.data.map((value) => Math.sign(value - c)) };
}

/** √(Σ(x − c)² + 1e-6) of each image. */
export function rootForward(x: Tensor, c: number): Float64Array {
  return byImage(x, (value) => (value - c) ** 2).map((sum) => Math.sqrt(sum + 1e-6));
}

export function rootBackward(x: Tensor, c: number): Tensor {
  const roots = rootForward(x, c);
  const size = x.data.length / x.shape[0];
  return { shape: x.shape, data: x.data.map((value, i) => (value - c) / roots[Math.floor(i / size)]!) };
}

/** Anisotropic total variation (Rudin et al. 1992): Σ|vertical differences| + Σ|horizontal differences|. */
export function variationForward(x: Tensor): Float64Array {
  const sums = new Float64Array(x.shape[0]);
  forEachDifference(x, (n, i, j) => {
    sums[n]! += Math.abs(x.data[j]! - x.data[i]!);
  });
  return sums;
}

export function variationBackward(x: Tensor): Tensor {
  const gradient = zeros(x.shape);
  forEachDifference(x, (_, i, j) => {
    const sign = Math.sign(x.data[j]! - x.data[i]!);
    gradient.data[j]! += sign;
    gradient.data[i]! -= sign;
  });
  return gradient;
}

/** x − blurred. */
export function penaltyResidual(x: Tensor, blurred: Tensor): Tensor {
  return { shape: x.shape, data: x.data.map((value, i) => value - blurred.data[i]!) };
}

/** ½Σr² of each image. */
export function residualForward(r: Tensor): Float64Array {
  return byImage(r, (value) => (value * value) / 2);
}

/** (I − B)r: the blur B is symmetric. @param blurred Br */
export function residualBackward(r: Tensor, blurred: Tensor): Tensor {
  return penaltyResidual(r, blurred);
}

function byImage(x: Tensor, of: (value: number) => number): Float64Array {
  const size = x.data.length / x.shape[0];
  const sums = new Float64Array(x.shape[0]);
  for (const [i, value] of x.data.entries()) sums[Math.floor(i / size)]! += of(value);
  return sums;
}

/** Every pair of neighbours in a plane: image, and the indices of the upper or left and the other one. */
function forEachDifference(x: Tensor, visit: (n: number, i: number, j: number) => void): void {
  const [, , height, width] = x.shape;
  const size = x.data.length / x.shape[0];
  for (let i = 0; i < x.data.length; i++) {
    const n = Math.floor(i / size);
    if ((i % width) + 1 < width) visit(n, i, i + 1);
    if ((Math.floor(i / width) % height) + 1 < height) visit(n, i, i + width);
  }
}
