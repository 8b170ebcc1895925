import { type Tensor, zeros } from "./tensor.ts";

/**
 * y[n,k,i,j] = b[k] + Σ_{c,p,q} w[k,c,p,q] · x[n, c, i+p−P, j+q−P], zero outside of x.
 *
 * @param x (N,C,H,W)
 * @param weight (K,C,3,3), flat
 * @param bias (K)
 * @param padding P
 * @returns (N, K, H+2P−2, W+2P−2)
 */
export function conv3x3Forward(x: Tensor, weight: Float64Array, bias: Float64Array, padding: 0 | 1): Tensor {
  const [batch, inputs] = x.shape;
  const outputs = bias.length;
  expectWeights("conv3x3Forward", weight, outputs, inputs);
  const padded = padWithZeros(x, padding);
  const [, , height, width] = padded.shape;
  const y = zeros([batch, outputs, height - 2, width - 2]);
  for (let n = 0; n < batch; n++) {
    for (let k = 0; k < outputs; k++) {
      const output = planeOf(y, n, k).fill(bias[k]!);
      for (let c = 0; c < inputs; c++) {
        const filter = weight.subarray((k * inputs + c) * 9, (k * inputs + c + 1) * 9);
        addCorrelation(planeOf(padded, n, c), width, filter, output);
      }
    }
  }
  return y;
}

/**
 * The transpose of {@link conv3x3Forward} in x: dx[n,c,i,j] = Σ_{k,p,q} w[k,c,p,q] · dy[n, k, i−p+P, j−q+P],
 * zero outside of dy. With p′ = 2−p and q′ = 2−q it is a correlation again, of padding 2−P.
 *
 * @param dy (N,K,H′,W′)
 * @param weight (K,C,3,3), flat
 * @param inputChannels C
 * @param padding P
 * @returns (N, C, H′−2P+2, W′−2P+2)
 */
export function conv3x3BackwardInput(
  dy: Tensor,
  weight: Float64Array,
  inputChannels: number,
  padding: 0 | 1,
): Tensor {
  const [batch, outputs] = dy.shape;
  expectWeights("conv3x3BackwardInput", weight, outputs, inputChannels);
  const padded = padWithZeros(dy, 2 - padding);
  const [, , height, width] = padded.shape;
  const dx = zeros([batch, inputChannels, height - 2, width - 2]);
  for (let k = 0; k < outputs; k++) {
    for (let c = 0; c < inputChannels; c++) {
      const begin = (k * inputChannels + c) * 9;
      const flipped = weight.slice(begin, begin + 9).reverse();
      for (let n = 0; n < batch; n++) {
        addCorrelation(planeOf(padded, n, k), width, flipped, planeOf(dx, n, c));
      }
    }
  }
  return dx;
}

/** output[i,j] += Σ_{p,q} filter[p,q] · input[i+p, j+q], on single planes; `width` is the input's. */
function addCorrelation(
  input: Float64Array,
  width: number,
  filter: Float64Array,
  output: Float64Array,
): void {
  const [f00, f01, f02, f10, f11, f12, f20, f21, f22] = filter as unknown as Nine;
  for (let row = 0, at = 0; at < output.length; row += width) {
    for (let x = row; x < row + width - 2; x++, at++) {
      const top = f00 * input[x]! + f01 * input[x + 1]! + f02 * input[x + 2]!;
      const y = x + width;
      const middle = f10 * input[y]! + f11 * input[y + 1]! + f12 * input[y + 2]!;
      const z = y + width;
      output[at]! += top + middle + f20 * input[z]! + f21 * input[z + 1]! + f22 * input[z + 2]!;
    }
  }
}

type Nine = readonly [number, number, number, number, number, number, number, number, number];

/** @returns (N, C, H+2·border, W+2·border) */
function padWithZeros(x: Tensor, border: number): Tensor {
  const [batch, channels, height, width] = x.shape;
  const padded = zeros([batch, channels, height + 2 * border, width + 2 * border]);
  const stride = width + 2 * border;
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let i = 0; i < height; i++) {
      const row = x.data.subarray((plane * height + i) * width, (plane * height + i + 1) * width);
      padded.data.set(row, (plane * (height + 2 * border) + i + border) * stride + border);
    }
  }
  return padded;
}

function planeOf({ shape, data }: Tensor, n: number, channel: number): Float64Array {
  const plane = shape[2] * shape[3];
  const begin = (n * shape[1] + channel) * plane;
  return data.subarray(begin, begin + plane);
}

function expectWeights(where: string, weight: Float64Array, outputs: number, inputs: number): void {
  if (weight.length === outputs * inputs * 9) return;
  throw new Error(`${where}: weight has ${weight.length} numbers, expected (${outputs},${inputs},3,3)`);
}
