import { poolBitsBytes, reluBitsBytes } from "../../../src/nn/bits.ts";
import { maxpoolBackward, maxpoolForward } from "../../../src/nn/layers/maxpool.ts";
import { reluBackward, reluBackwardGuided, reluForward } from "../../../src/nn/layers/relu.ts";
import { positiveBits, unpackPooledBits, unpackWinners } from "../../reference/bits.ts";
import { type Shape4, sizeOf, tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { coarseNoise, expectExact, noise } from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";

/** Around the word of 4 channels × 4 pooled pixels; odd heights and widths lose their last row or column. */
const SHAPES: readonly Shape4[] = [
  [1, 1, 2, 2],
  [1, 3, 3, 2],
  [2, 5, 4, 14],
  [1, 4, 6, 8],
  [2, 6, 5, 9],
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
      expectExact("winners", unpackWinners(read.u32("winners"), output.shape), winners);
      expectExact("dx", read.f32("inputGradient"), twin.maxpool_backward(dy, winners, shape).data);
    },
  };
}

/** The ReLU before the pool fused, to the twins and, bit for bit, to the kernels one after the other. */
function poolOfRelu({ shape, ties }: Pooled): Proof {
  const input = ties ? coarseNoise(3, sizeOf(shape)) : noise(3, sizeOf(shape));
  const x = tensor(shape, input);
  const { output, winners } = twin.maxpool_forward_relu(x);
  const dy = tensor(output.shape, noise(4, output.data.length));
  const [batch, channels, height, width] = shape;
  const layer = [batch, { channels, height, width }] as const;
  const sizes = {
    y: 4 * sizeOf(output.shape),
    winners: poolBitsBytes(...layer),
    bits: reluBitsBytes(...layer),
  };
  const gradient = { chosen: "winners", outputGradient: "dy" };
  return {
    buffers: {
      ...{ input, dy: Float32Array.from(dy.data), ...sizes, dx: input.byteLength, guided: input.byteLength },
      ...{ relu: input.byteLength, reluBits: sizes.bits, apartY: sizes.y, apartWinners: sizes.winners },
      ...{ apartDx: input.byteLength, apartGuided: input.byteLength },
    },
    dispatches: [
      maxpoolForward("forward", ...layer, { input: "input", output: "y", winners: "winners", bits: "bits" }),
      maxpoolBackward("backward", ...layer, { ...gradient, mask: "bits", inputGradient: "dx" }),
      maxpoolBackward("guided", ...layer, { ...gradient, mask: "bits", inputGradient: "guided" }, "guided"),
      reluForward("relu", ...layer, { input: "input", output: "relu", bits: "reluBits" }),
      maxpoolForward("pool", ...layer, { input: "relu", output: "apartY", winners: "apartWinners" }),
      maxpoolBackward("pool'", ...layer, { ...gradient, inputGradient: "apartDx" }),
      reluBackward("relu'", ...layer, { mask: "reluBits", gradient: "apartDx" }),
      maxpoolBackward("pool'", ...layer, { ...gradient, inputGradient: "apartGuided" }),
      reluBackwardGuided("relu'", ...layer, { mask: "reluBits", gradient: "apartGuided" }),
    ],
    check(read) {
      expectExact("y", read.f32("y"), output.data);
      expectExact("winners", unpackWinners(read.u32("winners"), output.shape), winners);
      expectExact(
        "bits",
        unpackPooledBits(read.u32("bits"), shape),
        unpackPooledBits(positiveBits(x), shape),
      );
      expectExact("dx", read.f32("dx"), twin.maxpool_backward_relu(dy, winners, x).data);
      expectExact("guided", read.f32("guided"), twin.maxpool_backward_relu_guided(dy, winners, x).data);
      expectExact("words of y", read.u32("y"), read.u32("apartY"));
      expectExact("words of winners", read.u32("winners"), read.u32("apartWinners"));
      expectExact("words of dx", read.u32("dx"), read.u32("apartDx"));
      expectExact("words of guided", read.u32("guided"), read.u32("apartGuided"));
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
  kernelCase(
    ["maxpool_forward_relu", "maxpool_backward_relu", "maxpool_backward_relu_guided"],
    "the ReLU before the pool fused, to the bit as apart",
    SHAPES.flatMap((shape) => [true, false].map((ties) => ({ shape, ties }))),
    poolOfRelu,
  ),
];
