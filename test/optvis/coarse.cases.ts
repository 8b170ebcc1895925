import { enlarge } from "../../src/optvis/coarse.ts";
import { type Shape4, sizeOf, tensor } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import type { GpuCase } from "../stacks/case.ts";
import { absolute, DIVISION, EPSILON, expectWithin, noise, roundings } from "../support/compare.ts";
import { kernelCase, type Proof } from "../support/execute.ts";

interface Enlarged {
  readonly shape: Shape4;
  readonly to: readonly [number, number];
}

const ENLARGED: readonly Enlarged[] = [
  { shape: [1, 3, 1, 1], to: [2, 2] },
  { shape: [1, 3, 1, 1], to: [1, 1] },
  { shape: [2, 3, 4, 6], to: [8, 12] },
  { shape: [1, 3, 3, 5], to: [5, 9] },
  { shape: [1, 3, 5, 1], to: [9, 2] },
  { shape: [3, 3, 9, 7], to: [17, 13] },
  { shape: [1, 3, 4, 4], to: [4, 4] },
  { shape: [2, 1, 5, 3], to: [10, 6] },
];

/**
 * Three interpolations of two products and a sum each; and a pixel's place, a division, two products and two sums
 * of numbers up to the side's length, moves the sum by as much of the difference of two pixels.
 */
function enlarged({ shape, to }: Enlarged): Proof {
  const x = tensor(shape, noise(1, sizeOf(shape)));
  const [batch, channels, height, width] = shape;
  const from = [height, width] as const;
  return {
    buffers: { input: Float32Array.from(x.data), output: 4 * batch * channels * to[0] * to[1] },
    dispatches: [enlarge({ planes: batch * channels, from, to }, { input: "input", output: "output" })],
    check(read) {
      const magnitude = twin.enlarge(absolute(x), to).data;
      const moved = 2 * (DIVISION + 4) * EPSILON * 2 * (height + width);
      const bound = magnitude.map((value) => roundings(9) * value + moved);
      expectWithin("output", read.f32("output"), twin.enlarge(x, to).data, bound, 1);
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(["enlarge"], "bilinear between pixel centres, edges repeated", ENLARGED, enlarged),
];
