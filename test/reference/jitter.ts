import { type Tensor, zeros } from "./tensor.ts";

/**
 * Circular shift by (dy, dx), as numpy.roll: out[(i+dy) mod H, (j+dx) mod W] = x[i,j].
 *
 * @param x (N,C,H,W)
 * @param dy rows down, any integer
 * @param dx columns right, any integer
 */
export function jitterForward(x: Tensor, dy: number, dx: number): Tensor {
  const [batch, channels, height, width] = x.shape;
  const out = zeros(x.shape);
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let i = 0; i < height; i++) {
      const row = (plane * height + modulo(i + dy, height)) * width;
      for (let j = 0; j < width; j++) {
        out.data[row + modulo(j + dx, width)] = x.data[(plane * height + i) * width + j]!;
      }
    }
  }
  return out;
}

/** The transpose, which is also the inverse: the shift by (−dy, −dx). */
export function jitterBackward(dout: Tensor, dy: number, dx: number): Tensor {
  return jitterForward(dout, -dy, -dx);
}

function modulo(a: number, n: number): number {
  return ((a % n) + n) % n;
}
