import { randomBits } from "./random.ts";
import { type Tensor, zeros } from "./tensor.ts";
import { place } from "./window.ts";

export interface Motion {
  /** Radians; a positive angle turns what is right of the centre downwards in the source. */
  readonly angle: number;
  readonly scale: number;
}

/** What the counter (seed, step, op, index) draws: see shaders/resample.wgsl. */
export function randomMotion(
  counter: readonly [seed: number, step: number, op: number, index: number],
  draw: {
    readonly scales: number;
    readonly scaleRange: number;
    readonly angles: number;
    readonly angleRange: number;
    readonly level: number;
  },
): Motion {
  const bits = randomBits(...counter);
  const evenly = (k: number, count: number) => (count < 2 ? 0 : -1 + (2 * k) / (count - 1));
  const angle = bits[1] % (draw.angles + draw.level);
  return {
    angle: angle < draw.angles ? draw.angleRange * evenly(angle, draw.angles) : 0,
    scale: 1 + draw.scaleRange * evenly(bits[0] % draw.scales, draw.scales),
  };
}

/** Bilinear taps of output pixel (i,j): source row and column, which may lie outside, and weight. */
function taps(
  i: number,
  j: number,
  [height, width]: readonly [number, number],
  { angle, scale }: Motion,
): [number, number, number][] {
  const [cy, cx] = [(height - 1) / 2, (width - 1) / 2];
  const [dy, dx] = [(i - cy) / scale, (j - cx) / scale];
  const y = cy + Math.cos(angle) * dy - Math.sin(angle) * dx;
  const x = cx + Math.sin(angle) * dy + Math.cos(angle) * dx;
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [v, u] = [y - top, x - left];
  return [
    [top, left, (1 - v) * (1 - u)],
    [top, left + 1, (1 - v) * u],
    [top + 1, left, v * (1 - u)],
    [top + 1, left + 1, v * u],
  ];
}

/** y at q is x at centre + R(angle)·(q − centre)/scale, bilinear; pixels outside are `fill[c]`. */
export function resampleForward(x: Tensor, motion: Motion, fill: readonly number[]): Tensor {
  const [, channels, height, width] = x.shape;
  const y = zeros(x.shape);
  for (let at = 0; at < y.data.length; at++) {
    const [plane, i, j] = place(at, [height, width]);
    for (const [row, column, weight] of taps(i, j, [height, width], motion)) {
      const inside = row >= 0 && row < height && column >= 0 && column < width;
      const value = inside ? x.data[(plane * height + row) * width + column]! : fill[plane % channels]!;
      y.data[at]! += weight * value;
    }
  }
  return y;
}

/** The transpose without the constant: every dy is spread over its four taps. */
export function resampleBackward(dy: Tensor, motion: Motion): Tensor {
  const [, , height, width] = dy.shape;
  const dx = zeros(dy.shape);
  for (let at = 0; at < dy.data.length; at++) {
    const [plane, i, j] = place(at, [height, width]);
    for (const [row, column, weight] of taps(i, j, [height, width], motion)) {
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      dx.data[(plane * height + row) * width + column]! += weight * dy.data[at]!;
    }
  }
  return dx;
}
