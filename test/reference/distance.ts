import { innerPositions, isInside, type Positions } from "./positions.ts";
import { type Tensor, zeros } from "./tensor.ts";

/**
 * Σ (a − t)² of each image over the channels at some positions, all if not said.
 * @param t one image's numbers, repeated as often as it takes
 */
export function distanceForward(a: Tensor, t: Float64Array, positions?: Positions): Float64Array {
  const sums = new Float64Array(a.shape[0]);
  forEachDifference(a, t, positions, (n, _, difference) => {
    sums[n]! += difference ** 2;
  });
  return sums;
}

/** 2·(a − t) there, else 0. */
export function distanceBackward(a: Tensor, t: Float64Array, positions?: Positions): Tensor {
  const gradient = zeros(a.shape);
  forEachDifference(a, t, positions, (_, i, difference) => {
    gradient.data[i] = 2 * difference;
  });
  return gradient;
}

function forEachDifference(
  a: Tensor,
  t: Float64Array,
  positions: Positions | undefined,
  visit: (n: number, i: number, difference: number) => void,
): void {
  const [batch, , height, width] = a.shape;
  const counted = positions ?? innerPositions([height, width]);
  const stride = a.data.length / batch;
  for (const [i, value] of a.data.entries()) {
    if (!isInside(i % (height * width), width, counted)) continue;
    visit(Math.floor(i / stride), i, value - t[(i % stride) % t.length]!);
  }
}
