import { maxpoolBackward, maxpoolForward, poolBitsBytes } from "../../src/nn/maxpool.ts";
import { packWinners } from "../reference/bits.ts";
import { type Shape4, sizeOf, tensor } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import type { GpuCase } from "../stacks/case.ts";
import { coarseNoise, expectExact, noise } from "./compare.ts";
import { kernelCase, type Proof } from "./execute.ts";

/** Around the word of 2 channels × 8 pooled pixels; odd heights and widths lose their last row or column. */
const SHAPES: readonly Shape4[] = [
  [1, 1, 2, 2],
  [1, 3, 3, 2],
  [2, 5, 4, 14],
  [1, 2, 5, 15],
  [2, 3, 2, 16],
  [1, 7, 3, 17],
  [3, 1, 7, 18],
  [1, 10, 2, 19],
  [2, 9, 9, 5],
];

interface Pooled {
  readonly shape: Shape4;
  /** Values drawn from five numbers, so that most windows hold a tie. */
  readonly ties: boolean;
}

function pool({ shape, ties }: Pooled): Proof {
  const input = ties ? coarseNoise(1, sizeOf(shape)) : noise(1, sizeOf(shape));
  const x = tensor(shape, input);
  const { output, winners } = twin.maxpool_forward(x);
  const dy = tensor(output.shape, noise(2, output.data.length));
  const [batch, channels, height, width] = shape;
  const layer = [batch, { channels, height, width }] as const;
  return {
    buffers: {
      input,
      output: 4 * sizeOf(output.shape),
      winners: poolBitsBytes(...layer),
      outputGradient: Float32Array.from(dy.data),
      inputGradient: input.byteLength,
    },
    dispatches: [
      maxpoolForward("forward", ...layer, { input: "input", output: "output", winners: "winners" }),
      maxpoolBackward("backward", ...layer, {
        chosen: "winners",
        outputGradient: "outputGradient",
        inputGradient: "inputGradient",
      }),
    ],
    check(read) {
      expectExact("output", read.f32("output"), output.data);
      expectExact("winners", read.u32("winners"), packWinners(winners, output.shape));
      expectExact("dx", read.f32("inputGradient"), twin.maxpool_backward(dy, winners, shape).data);
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    ["maxpool_forward", "maxpool_backward"],
    "ties, odd sizes, words that are not full",
    SHAPES.flatMap((shape) => [true, false].map((ties) => ({ shape, ties }))),
    pool,
  ),
];
