import { type Shape4, type Tensor, zeros } from "./tensor.ts";

/** Rows (or columns) [begin, end) that output index i of `outputs` averages, of `inputs` in all. */
export function adaptiveWindow(
  i: number,
  inputs: number,
  outputs: number,
): readonly [begin: number, end: number] {
  return [Math.floor((i * inputs) / outputs), Math.ceil(((i + 1) * inputs) / outputs)];
}

/**
 * Adaptive average pool: y[i,j] is the mean of x over the rows ⌊iH/O⌋ … ⌈(i+1)H/O⌉−1 and the columns likewise
 * (PyTorch's AdaptiveAvgPool2d). Windows overlap where O does not divide H, and repeat where O > H.
 *
 * @param x (N,C,H,W)
 * @param outputSize O; 1 is global average pooling
 * @returns (N,C,O,O)
 */
export function avgPoolForward(x: Tensor, outputSize: number): Tensor {
  const [batch, channels, height, width] = x.shape;
  const y = zeros([batch, channels, outputSize, outputSize]);
  forEachWindow(batch * channels, height, width, outputSize, (from, at, count) => {
    y.data[at]! += x.data[from]! / count;
  });
  return y;
}

/**
 * @param dy (N,C,O,O)
 * @param inputShape (N,C,H,W)
 * @returns (N,C,H,W): each input collects dy / count of every window it lies in
 */
export function avgPoolBackward(dy: Tensor, inputShape: Shape4): Tensor {
  const [batch, channels, height, width] = inputShape;
  const dx = zeros(inputShape);
  forEachWindow(batch * channels, height, width, dy.shape[2], (from, at, count) => {
    dx.data[from]! += dy.data[at]! / count;
  });
  return dx;
}

/** Calls `visit` for every (input element, output element, elements in that output's window). */
function forEachWindow(
  planes: number,
  height: number,
  width: number,
  outputSize: number,
  visit: (from: number, at: number, count: number) => void,
): void {
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < outputSize; i++) {
      const [top, bottom] = adaptiveWindow(i, height, outputSize);
      for (let j = 0; j < outputSize; j++) {
        const [left, right] = adaptiveWindow(j, width, outputSize);
        const count = (bottom - top) * (right - left);
        for (let y = top; y < bottom; y++) {
          for (let x = left; x < right; x++) {
            visit((plane * height + y) * width + x, (plane * outputSize + i) * outputSize + j, count);
          }
        }
      }
    }
  }
}
