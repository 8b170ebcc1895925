import { randomBits } from "./random.ts";
import { type Tensor, zeros } from "./tensor.ts";

/** Corner of the window in the input, as the counter (seed, step, op, index) draws it. */
export function windowCorner(
  counter: readonly [seed: number, step: number, op: number, index: number],
  { slack, spread, border }: { readonly slack: number; readonly spread: number; readonly border: number },
): readonly [oy: number, ox: number] {
  const bits = randomBits(...counter);
  const place = (word: number) => Math.floor((slack - spread) / 2) + (word % (spread + 1)) - border;
  return [place(bits[0]), place(bits[1])];
}

/**
 * y[n,c,i,j] = x[n,c,i+oy,j+ox], or `fill[c]` outside.
 *
 * @param size height and width of y
 */
export function windowForward(
  x: Tensor,
  [oy, ox]: readonly [number, number],
  size: readonly [number, number],
  fill: readonly number[],
): Tensor {
  const [batch, channels, height, width] = x.shape;
  const y = zeros([batch, channels, ...size]);
  for (let at = 0; at < y.data.length; at++) {
    const [plane, i, j] = place(at, size);
    const inside = i + oy >= 0 && i + oy < height && j + ox >= 0 && j + ox < width;
    y.data[at] = inside ? x.data[(plane * height + i + oy) * width + j + ox]! : fill[plane % channels]!;
  }
  return y;
}

/** The transpose without the constant: every dy goes back to where its y came from. */
export function windowBackward(
  dy: Tensor,
  [oy, ox]: readonly [number, number],
  size: readonly [number, number],
): Tensor {
  const [batch, channels, ...window] = dy.shape;
  const [height, width] = size;
  const dx = zeros([batch, channels, height, width]);
  for (let at = 0; at < dy.data.length; at++) {
    const [plane, i, j] = place(at, window);
    if (i + oy < 0 || i + oy >= height || j + ox < 0 || j + ox >= width) continue;
    dx.data[(plane * height + i + oy) * width + j + ox]! += dy.data[at]!;
  }
  return dx;
}

/** Plane, row and column of an element. */
export function place(at: number, [height, width]: readonly [number, number]): [number, number, number] {
  return [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width];
}
