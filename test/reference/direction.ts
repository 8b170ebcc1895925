import { isInside, type Positions } from "./positions.ts";
import { type Tensor, zeros } from "./tensor.ts";

/** Added to Σ a² and Σ v² before their roots. */
const EPSILON = 1e-6;

export interface Direction {
  /** (N,C,P): the direction of every image and position. */
  readonly v: Tensor;
  readonly power: number;
  readonly floor: number;
  /** Those that count. */
  readonly positions: Positions;
}

/** Σ over the positions of d·max(floor, cos)^power, one an image; d = Σ_c a·v, cos = d/(‖a‖‖v‖). */
export function directionForward(a: Tensor, direction: Direction): Float64Array {
  const sums = new Float64Array(a.shape[0]);
  forEachPosition(a, direction, (n, _, { dot, cos }) => {
    sums[n]! += dot * Math.max(direction.floor, cos) ** direction.power;
  });
  return sums;
}

/** Its gradient with respect to a, (N,C,H,W). */
export function directionBackward(a: Tensor, direction: Direction): Tensor {
  const { v, power, floor } = direction;
  const [, channels, height, width] = a.shape;
  const area = height * width;
  const gradient = zeros(a.shape);
  forEachPosition(a, direction, (n, p, { dot, cos, squares }) => {
    const raised = Math.max(floor, cos) ** power;
    for (let c = 0; c < channels; c++) {
      const at = (n * channels + c) * area + p;
      const steady = raised * v.data[at]!;
      const turning =
        cos > floor ? power * raised * (v.data[at]! - (dot / (squares + EPSILON)) * a.data[at]!) : 0;
      gradient.data[at] = steady + turning;
    }
  });
  return gradient;
}

interface Products {
  readonly dot: number;
  readonly cos: number;
  /** Σ a². */
  readonly squares: number;
}

function forEachPosition(
  a: Tensor,
  { v, positions }: Direction,
  visit: (n: number, p: number, products: Products) => void,
): void {
  const [batch, channels, height, width] = a.shape;
  const area = height * width;
  for (let n = 0; n < batch; n++) {
    for (let p = 0; p < area; p++) {
      if (!isInside(p, width, positions)) continue;
      let [dot, squares, length] = [0, 0, 0];
      for (let c = 0; c < channels; c++) {
        const at = (n * channels + c) * area + p;
        dot += a.data[at]! * v.data[at]!;
        squares += a.data[at]! ** 2;
        length += v.data[at]! ** 2;
      }
      visit(n, p, { dot, squares, cos: dot / Math.sqrt((squares + EPSILON) * (length + EPSILON)) });
    }
  }
}
