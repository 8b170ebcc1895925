import { reluBackward, reluBackwardGuided, reluForward } from "./relu.ts";
import { type Shape4, type Tensor, zeros } from "./tensor.ts";

/** 2×2 max-pool, stride 2: values, and for each pooled pixel which of its four won. */
export interface MaxPoolResult {
  /** (N, C, ⌊H/2⌋, ⌊W/2⌋); an odd last row or column is not read. */
  readonly output: Tensor;
  /** 0 top left, 1 top right, 2 bottom left, 3 bottom right; the first maximum wins a tie. */
  readonly winners: Uint8Array;
}

/** @param x (N,C,H,W), H and W at least 2 */
export function maxPoolForward(x: Tensor): MaxPoolResult {
  const [batch, channels, height, width] = x.shape;
  const output = zeros([batch, channels, Math.floor(height / 2), Math.floor(width / 2)]);
  const [, , outHeight, outWidth] = output.shape;
  const winners = new Uint8Array(output.data.length);
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let i = 0; i < outHeight; i++) {
      for (let j = 0; j < outWidth; j++) {
        const corner = (plane * height + 2 * i) * width + 2 * j;
        const window = [corner, corner + 1, corner + width, corner + width + 1].map((at) => x.data[at]!);
        const largest = Math.max(...window);
        const at = (plane * outHeight + i) * outWidth + j;
        output.data[at] = largest;
        winners[at] = window.indexOf(largest);
      }
    }
  }
  return { output, winners };
}

/**
 * Hands each pooled pixel's gradient to its winner.
 *
 * @param dy (N, C, ⌊H/2⌋, ⌊W/2⌋)
 * @param winners of the forward pass
 * @param inputShape (N,C,H,W)
 * @returns (N,C,H,W); zero at losers and in an odd last row or column
 */
export function maxPoolBackward(dy: Tensor, winners: Uint8Array, inputShape: Shape4): Tensor {
  const [batch, channels, height, width] = inputShape;
  const [, , outHeight, outWidth] = dy.shape;
  const dx = zeros(inputShape);
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let i = 0; i < outHeight; i++) {
      for (let j = 0; j < outWidth; j++) {
        const at = (plane * outHeight + i) * outWidth + j;
        const winner = winners[at]!;
        const row = 2 * i + (winner >> 1);
        const column = 2 * j + (winner & 1);
        dx.data[(plane * height + row) * width + column] = dy.data[at]!;
      }
    }
  }
  return dx;
}

/** The max-pool of a ReLU, as kernels fuse them. @param x before the ReLU */
export function maxPoolForwardRelu(x: Tensor): MaxPoolResult {
  return maxPoolForward(reluForward(x));
}

/** The gradient through a max-pool and the ReLU before it. @param reluInput of that ReLU, (N,C,H,W) */
export function maxPoolBackwardRelu(dy: Tensor, winners: Uint8Array, reluInput: Tensor): Tensor {
  return reluBackward(maxPoolBackward(dy, winners, reluInput.shape), reluInput);
}

/** {@link maxPoolBackwardRelu} of guided backpropagation. */
export function maxPoolBackwardReluGuided(dy: Tensor, winners: Uint8Array, reluInput: Tensor): Tensor {
  return reluBackwardGuided(maxPoolBackward(dy, winners, reluInput.shape), reluInput);
}
