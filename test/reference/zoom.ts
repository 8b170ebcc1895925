import { randomBits } from "./random.ts";
import { type Tensor, zeros } from "./tensor.ts";

export interface Box {
  /** Row and column, pixels. */
  readonly corner: readonly [number, number];
  /** Of the image's sides. */
  readonly side: number;
}

/** What the counter draws: see shaders/zoom.wgsl. */
export function randomBox(
  counter: readonly [seed: number, step: number, op: number, index: number],
  size: readonly [number, number],
  {
    last,
    iterations,
    strength,
  }: { readonly last: number; readonly iterations: number; readonly strength: number },
): Box {
  const gone = Math.min(1, counter[1] / (Math.max(iterations, 2) - 1));
  const side = 1 - strength * (1 - (0.5 + gone * (last - 0.5)));
  const draw = randomBits(...counter).map((bits) => (bits >>> 8) / 2 ** 24);
  const corner = ([first, second]: readonly [number, number], length: number) => {
    const centre = 0.5 + 0.15 * Math.sqrt(6) * (first + second - 1);
    return length * Math.min(1 - side, Math.max(0, centre - side / 2));
  };
  return { side, corner: [corner([draw[0]!, draw[1]!], size[0]), corner([draw[2]!, draw[3]!], size[1])] };
}

/** Bilinear, edges repeated. */
export function zoomForward(x: Tensor, box: Box): Tensor {
  const y = zeros(x.shape);
  eachTap(x.shape, box, (to, from, weight) => {
    y.data[to]! += weight * x.data[from]!;
  });
  return y;
}

/** The transpose: every dy is spread over its taps. */
export function zoomBackward(dy: Tensor, box: Box): Tensor {
  const dx = zeros(dy.shape);
  eachTap(dy.shape, box, (to, from, weight) => {
    dx.data[from]! += weight * dy.data[to]!;
  });
  return dx;
}

function eachTap(
  shape: Tensor["shape"],
  { corner, side }: Box,
  tap: (to: number, from: number, weight: number) => void,
) {
  const [batch, channels, height, width] = shape;
  const taps = (q: number, start: number, length: number): readonly (readonly [number, number])[] => {
    const s = Math.min(length - 1, Math.max(0, start + (q + 0.5) * side - 0.5));
    const near = Math.floor(s);
    return [
      [near, 1 - s + near],
      [Math.min(near + 1, length - 1), s - near],
    ];
  };
  for (let at = 0; at < batch * channels * height * width; at++) {
    const first = at - (at % (height * width));
    for (const [row, v] of taps(Math.floor(at / width) % height, corner[0], height)) {
      for (const [column, u] of taps(at % width, corner[1], width))
        tap(at, first + row * width + column, v * u);
    }
  }
}

/**
 * About normal numbers of the counter (seed + n, step, op, place within image n), times sigma, are added.
 * @param x (N,stride)
 */
export function grainForward(
  x: ArrayLike<number>,
  stride: number,
  sigma: number,
  [seed, step, op]: readonly [seed: number, step: number, op: number],
): Float64Array {
  return Float64Array.from(x, (value, i) => {
    const sum = randomBits(seed + Math.floor(i / stride), step, op, i % stride).reduce(
      (total, bits) => total + (bits & 0xffff) + (bits >>> 16),
      0,
    );
    return value + sigma * (sum / 2 ** 16 - 4) * Math.sqrt(1.5);
  });
}

/** The noise by itself, (N,stride). */
export function grainAlone(
  [batch, stride]: readonly [batch: number, stride: number],
  sigma: number,
  counter: readonly [seed: number, step: number, op: number],
): Float64Array {
  return grainForward(new Float64Array(batch * stride), stride, sigma, counter);
}

/** Noise is constant: gradients pass. */
export function grainBackward(dy: ArrayLike<number>): Float64Array {
  return Float64Array.from(dy);
}
