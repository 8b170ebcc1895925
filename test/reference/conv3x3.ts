import { type Tensor, zeros } from "./tensor.ts";

/**
 * y[n,k,i,j] = b[k] + Σ_{c,p,q} w[k,c,p,q] · x[n, c, i+p−P, j+q−P], zero outside of x.
 *
 * @param x (N,C,H,W)
 * @param weight (K,C,3,3), flat
 * @param bias (K)
 * @returns (N, K, H+2P−2, W+2P−2)
 */
export function conv3x3Forward(x: Tensor, weight: Float64Array, bias: Float64Array, padding: 0 | 1): Tensor {
  const [batch, inputs, height, width] = x.shape;
  const outputs = bias.length;
  if (weight.length !== outputs * inputs * 9) {
    throw new Error(
      `conv3x3Forward: weight has ${weight.length} numbers, expected (${outputs},${inputs},3,3)`,
    );
  }
  const y = zeros([batch, outputs, height + 2 * padding - 2, width + 2 * padding - 2]);
  const plane = y.shape[2] * y.shape[3];
  for (let n = 0; n < batch; n++) {
    for (let k = 0; k < outputs; k++) {
      const out = y.data.subarray((n * outputs + k) * plane, (n * outputs + k + 1) * plane);
      out.fill(bias[k]!);
      for (let c = 0; c < inputs; c++) {
        const begin = (n * inputs + c) * height * width;
        const filter = weight.subarray((k * inputs + c) * 9, (k * inputs + c + 1) * 9);
        correlate(x.data.subarray(begin, begin + height * width), height, width, filter, padding, out);
      }
    }
  }
  return y;
}

/** Adds the correlation of one input plane (height × width) with one 3×3 filter to one output plane. */
function correlate(
  input: Float64Array,
  height: number,
  width: number,
  filter: Float64Array,
  padding: number,
  output: Float64Array,
): void {
  const outHeight = height + 2 * padding - 2;
  const outWidth = width + 2 * padding - 2;
  for (let p = 0; p < 3; p++) {
    for (let q = 0; q < 3; q++) {
      const w = filter[p * 3 + q]!;
      const firstColumn = Math.max(0, padding - q);
      const endColumn = Math.min(outWidth, width + padding - q);
      for (let i = Math.max(0, padding - p); i < Math.min(outHeight, height + padding - p); i++) {
        const row = (i + p - padding) * width + q - padding;
        for (let j = firstColumn; j < endColumn; j++) {
          output[i * outWidth + j]! += w * input[row + j]!;
        }
      }
    }
  }
}

/**
 * The transpose of {@link conv3x3Forward} in x: dx[n,c,i,j] = Σ_{k,p,q} w[k,c,p,q] · dy[n, k, i−p+P, j−q+P].
 *
 * @param dy (N,K,H′,W′)
 * @param weight (K,C,3,3), flat
 * @param inputChannels C
 * @returns (N, C, H′−2P+2, W′−2P+2)
 */
export function conv3x3BackwardInput(
  dy: Tensor,
  weight: Float64Array,
  inputChannels: number,
  padding: 0 | 1,
): Tensor {
  const [batch, outputs, outHeight, outWidth] = dy.shape;
  if (weight.length !== outputs * inputChannels * 9) {
    throw new Error(
      `conv3x3BackwardInput: weight has ${weight.length} numbers, expected (${outputs},${inputChannels},3,3)`,
    );
  }
  const height = outHeight - 2 * padding + 2;
  const width = outWidth - 2 * padding + 2;
  const dx = zeros([batch, inputChannels, height, width]);
  for (let n = 0; n < batch; n++) {
    for (let k = 0; k < outputs; k++) {
      const begin = (n * outputs + k) * outHeight * outWidth;
      const gradient = dy.data.subarray(begin, begin + outHeight * outWidth);
      for (let c = 0; c < inputChannels; c++) {
        const plane = (n * inputChannels + c) * height * width;
        const filter = weight.subarray((k * inputChannels + c) * 9, (k * inputChannels + c + 1) * 9);
        scatter(
          gradient,
          outHeight,
          outWidth,
          filter,
          padding,
          dx.data.subarray(plane, plane + height * width),
        );
      }
    }
  }
  return dx;
}

/** Adds dy (outHeight × outWidth), spread by one 3×3 filter, to one plane of the input's gradient. */
function scatter(
  dy: Float64Array,
  outHeight: number,
  outWidth: number,
  filter: Float64Array,
  padding: number,
  dx: Float64Array,
): void {
  const height = outHeight - 2 * padding + 2;
  const width = outWidth - 2 * padding + 2;
  for (let p = 0; p < 3; p++) {
    for (let q = 0; q < 3; q++) {
      const w = filter[p * 3 + q]!;
      const firstColumn = Math.max(0, padding - q);
      const endColumn = Math.min(outWidth, width + padding - q);
      for (let i = Math.max(0, padding - p); i < Math.min(outHeight, height + padding - p); i++) {
        const row = (i + p - padding) * width + q - padding;
        for (let j = firstColumn; j < endColumn; j++) {
          dx[row + j]! += w * dy[i * outWidth + j]!;
        }
      }
    }
  }
}
