import { avgpoolBackward, avgpoolForward } from "../../../src/nn/layers/avgpool.ts";
import { adaptiveWindow } from "../../reference/avgpool.ts";
import { type Shape4, sizeOf, type Tensor, tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import {
  absolute,
  DIVISION,
  dot,
  expectAdjoint,
  expectWithin,
  noise,
  roundings,
} from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";

interface Pooled {
  readonly shape: Shape4;
  readonly outputSize: number;
}

/** Global; windows that tile, overlap, differ in size, and repeat where there are more of them than pixels. */
const POOLED: readonly Pooled[] = [
  { shape: [1, 1, 1, 1], outputSize: 1 },
  { shape: [2, 5, 9, 8], outputSize: 1 },
  { shape: [1, 3, 7, 7], outputSize: 7 },
  { shape: [2, 3, 14, 21], outputSize: 7 },
  { shape: [1, 9, 10, 15], outputSize: 7 },
  { shape: [1, 2, 8, 6], outputSize: 7 },
  { shape: [2, 1, 1, 3], outputSize: 7 },
  { shape: [1, 1, 4, 5], outputSize: 3 },
];

function pool({ shape, outputSize }: Pooled): Proof {
  const [batch, channels, height, width] = shape;
  const layer = [batch, { channels, height, width }, outputSize] as const;
  const x = tensor(shape, noise(1, sizeOf(shape)));
  const outputShape: Shape4 = [batch, channels, outputSize, outputSize];
  const dy = tensor(outputShape, noise(2, sizeOf(outputShape)));
  return {
    buffers: {
      x: Float32Array.from(x.data),
      y: 4 * sizeOf(outputShape),
      dy: Float32Array.from(dy.data),
      dx: 4 * sizeOf(shape),
    },
    dispatches: [
      avgpoolForward("forward", ...layer, { input: "x", output: "y" }),
      avgpoolBackward("backward", ...layer, { outputGradient: "dy", inputGradient: "dx" }),
    ],
    check: (read) => checkPool(x, dy, read.f32("y"), read.f32("dx")),
  };
}

function checkPool(x: Tensor, dy: Tensor, y: Float32Array, dx: Float32Array): void {
  const outputSize = dy.shape[2];
  const bound = twin.avgpool_forward(absolute(x), outputSize);
  const forwardDepth =
    largestWindow(x.shape[2], outputSize) * largestWindow(x.shape[3], outputSize) + DIVISION;
  expectWithin("y", y, twin.avgpool_forward(x, outputSize).data, bound.data, roundings(forwardDepth));
  // Never more windows over a pixel than there are.
  const backwardDepth = outputSize ** 2 + DIVISION;
  const dxBound = twin.avgpool_backward(absolute(dy), x.shape);
  expectWithin("dx", dx, twin.avgpool_backward(dy, x.shape).data, dxBound.data, roundings(backwardDepth));
  const magnitude = dot(bound.data, absolute(dy).data);
  const depth = Math.max(forwardDepth, backwardDepth);
  expectAdjoint("adjoint", dot(y, dy.data), dot(x.data, dx), magnitude, roundings(depth));
}

function largestWindow(inputs: number, outputs: number): number {
  const windows = Array.from({ length: outputs }, (_, i) => adaptiveWindow(i, inputs, outputs));
  return Math.max(...windows.map(([begin, end]) => end - begin));
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    ["avgpool_forward", "avgpool_backward"],
    "windows that tile, overlap and repeat; each the transpose of the other",
    POOLED,
    pool,
  ),
];
