import { type Tensor, zeros } from "./tensor.ts";

/** Images that far apart are drawn together. */
const REACH = 4;

/** ½ Σ_m decay^−|m−n| · Σ_i (a[n,i] − a[m,i])² of each image n. */
export function alignmentForward(a: Tensor, decay: number): Float64Array {
  const sums = new Float64Array(a.shape[0]);
  forEachPair(
    a,
    (n, i, m, part) => {
      sums[n]! += (part / 2) * (a.data[i]! - a.data[m]!) ** 2;
    },
    decay,
  );
  return sums;
}

/** 2 Σ_m decay^−|m−n| · (a[n,i] − a[m,i]), the gradient of the sum over all images. */
export function alignmentBackward(a: Tensor, decay: number): Tensor {
  const gradient = zeros(a.shape);
  forEachPair(
    a,
    (_, i, m, part) => {
      gradient.data[i]! += 2 * part * (a.data[i]! - a.data[m]!);
    },
    decay,
  );
  return gradient;
}

/** Every element with its neighbours: image, index, the neighbour's index, decay^−distance. */
function forEachPair(
  a: Tensor,
  visit: (n: number, i: number, m: number, part: number) => void,
  decay: number,
): void {
  const batch = a.shape[0];
  const stride = a.data.length / batch;
  for (let n = 0; n < batch; n++) {
    for (let m = 0; m < batch; m++) {
      if (m === n || Math.abs(m - n) > REACH) continue;
      for (let i = 0; i < stride; i++) visit(n, n * stride + i, m * stride + i, decay ** -Math.abs(m - n));
    }
  }
}
