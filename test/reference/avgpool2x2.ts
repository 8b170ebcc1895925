import { type Shape4, type Tensor, zeros } from "./tensor.ts";

/** y[n,c,i,j] = mean of x[n,c,2i…2i+1,2j…2j+1]; a last row or column of an odd size is left out. */
export function avgPool2x2Forward(x: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape;
  const y = zeros([batch, channels, Math.floor(height / 2), Math.floor(width / 2)]);
  forEachPair(x.shape, (from, to) => {
    y.data[to]! += x.data[from]! / 4;
  });
  return y;
}

/** dx[n,c,i,j] = dy[n,c,⌊i/2⌋,⌊j/2⌋]/4 in a window, else 0. */
export function avgPool2x2Backward(dy: Tensor, inputShape: Shape4): Tensor {
  const dx = zeros(inputShape);
  forEachPair(inputShape, (from, to) => {
    dx.data[from] = dy.data[to]! / 4;
  });
  return dx;
}

/** Calls `visit` for every input element in a window, with the output element of the window. */
function forEachPair(
  [batch, channels, height, width]: Shape4,
  visit: (from: number, to: number) => void,
): void {
  const [rows, columns] = [Math.floor(height / 2), Math.floor(width / 2)];
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let y = 0; y < 2 * rows; y++) {
      for (let x = 0; x < 2 * columns; x++) {
        const to = (plane * rows + Math.floor(y / 2)) * columns + Math.floor(x / 2);
        visit((plane * height + y) * width + x, to);
      }
    }
  }
}
