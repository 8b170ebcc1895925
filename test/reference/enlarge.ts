import { type Tensor, zeros } from "./tensor.ts";

/** y[q] = Σ_p w(p,q)·x[p] with hat functions about each pixel centre, edges repeated: see shaders/enlarge.wgsl. */
export function enlarge(x: Tensor, [height, width]: readonly [number, number]): Tensor {
  const [batch, channels, fromHeight, fromWidth] = x.shape;
  const y = zeros([batch, channels, height, width]);
  const hat = (q: number, size: number, p: number, from: number) => {
    const at = Math.min(Math.max(((q + 0.5) * from) / size - 0.5, 0), from - 1);
    return Math.max(0, 1 - Math.abs(at - p));
  };
  for (let index = 0; index < y.data.length; index++) {
    const plane = Math.floor(index / (height * width));
    const [i, j] = [Math.floor(index / width) % height, index % width];
    for (let p = 0; p < fromHeight; p++) {
      const row = hat(i, height, p, fromHeight);
      if (row === 0) continue;
      for (let q = 0; q < fromWidth; q++) {
        y.data[index]! +=
          row * hat(j, width, q, fromWidth) * x.data[(plane * fromHeight + p) * fromWidth + q]!;
      }
    }
  }
  return y;
}
