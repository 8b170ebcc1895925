import { type Tensor, zeros } from "./tensor.ts";

/** Below this the square of a matrix's norm is taken for it. */
const LEAST_SQUARE = 1e-10;

/** G[n,c,d] = mean over positions of a[n,c]·a[n,d]; (N,C,C,1). */
export function gramForward(a: Tensor): Tensor {
  const [batch, channels, height, width] = a.shape;
  const area = height * width;
  const g = zeros([batch, channels, channels, 1]);
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      for (let d = 0; d < channels; d++) {
        let sum = 0;
        for (let p = 0; p < area; p++) {
          sum += a.data[(n * channels + c) * area + p]! * a.data[(n * channels + d) * area + p]!;
        }
        g.data[(n * channels + c) * channels + d] = sum / area;
      }
    }
  }
  return g;
}

/** Σ_d D[n,c,d]·a[n,d,p]; (N,C,H,W). */
export function gramBackward(difference: Tensor, a: Tensor): Tensor {
  const [batch, channels, height, width] = a.shape;
  const area = height * width;
  const gradient = zeros(a.shape);
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < area; p++) {
        let sum = 0;
        for (let d = 0; d < channels; d++) {
          sum += difference.data[(n * channels + c) * channels + d]! * a.data[(n * channels + d) * area + p]!;
        }
        gradient.data[(n * channels + c) * area + p] = sum;
      }
    }
  }
  return gradient;
}

/** gain[n]·(G[n] − T). */
export function gramDifference(g: Tensor, t: Float64Array, gains: ArrayLike<number>): Tensor {
  const size = t.length;
  return { shape: g.shape, data: g.data.map((x, i) => gains[Math.floor(i / size)]! * (x - t[i % size]!)) };
}

/** G/‖G‖ of each image. */
export function gramNormalize(g: Tensor): Tensor {
  const size = g.data.length / g.shape[0];
  const norms = gramNorms(g);
  return { shape: g.shape, data: g.data.map((x, i) => x / norms[Math.floor(i / size)]!) };
}

export function gramNorms(g: Tensor): Float64Array {
  const size = g.data.length / g.shape[0];
  return Float64Array.from({ length: g.shape[0] }, (_, n) => {
    const squares = g.data.subarray(n * size, (n + 1) * size).reduce((sum, x) => sum + x * x, 0);
    return Math.sqrt(Math.max(squares, LEAST_SQUARE));
  });
}

/** S[n] = Σ_{m≠n} Ĝ[m]. */
function others(normalized: Tensor): Tensor {
  const batch = normalized.shape[0];
  const size = normalized.data.length / batch;
  const data = normalized.data.map((_, i) => {
    let sum = 0;
    for (let m = 0; m < batch; m++)
      if (m !== Math.floor(i / size)) sum += normalized.data[m * size + (i % size)]!;
    return sum;
  });
  return { shape: normalized.shape, data };
}

/** ⟨Ĝ[n], S[n]⟩. */
export function diversityForward(normalized: Tensor): Float64Array {
  const size = normalized.data.length / normalized.shape[0];
  const s = others(normalized);
  const likeness = new Float64Array(normalized.shape[0]);
  for (const [i, x] of normalized.data.entries()) likeness[Math.floor(i / size)]! += x * s.data[i]!;
  return likeness;
}

/** (S[n] − Ĝ[n]·⟨Ĝ[n], S[n]⟩)/‖G[n]‖. */
export function diversityDifference(normalized: Tensor, norms: ArrayLike<number>): Tensor {
  const size = normalized.data.length / normalized.shape[0];
  const s = others(normalized);
  const likeness = diversityForward(normalized);
  const data = normalized.data.map((x, i) => {
    const n = Math.floor(i / size);
    return (s.data[i]! - x * likeness[n]!) / norms[n]!;
  });
  return { shape: normalized.shape, data };
}
