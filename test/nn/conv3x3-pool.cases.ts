/** Convolutions with the ReLU and the max-pool after it in one kernel. */
import type { Dispatch } from "../../src/gpu/dispatch.ts";
import { poolBitsBytes } from "../../src/nn/bits.ts";
import { type ConvShape, type ConvVariantName, correlation, variantOf } from "../../src/nn/conv3x3.ts";
import { maxpoolForward } from "../../src/nn/layers/maxpool.ts";
import { positiveBits, unpackPooledBits, unpackWinners } from "../reference/bits.ts";
import { conv3x3ForwardReluPool } from "../reference/conv3x3-relu.ts";
import { sizeOf, zeros } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import type { GpuCase } from "../stacks/case.ts";
import { expectExact, expectWithin } from "../support/compare.ts";
import {
  conv,
  dataOf,
  entryPoints,
  forwardMagnitude,
  operands,
  roundingOf,
  scratchOf,
  shownVariants,
} from "../support/conv3x3.ts";
import { kernelCase, type Proof } from "../support/execute.ts";

/** Around the tile of 8 channels × 4 windows of 2×2; odd outputs lose their last row or column. */
const POOLED_SHAPES: readonly ConvShape[] = [
  conv(1, [1, 2, 2], 1, 1),
  conv(1, [2, 5, 4], 3, 0),
  conv(2, [3, 5, 7], 8, 1),
  conv(1, [8, 6, 8], 7, 1),
  conv(1, [7, 7, 9], 9, 1),
  conv(2, [9, 8, 19], 10, 0),
  conv(3, [5, 33, 18], 17, 1),
  conv(1, [4, 66, 16], 33, 1),
];

/** With `tied`, all sums of a channel are its bias, so that every window is a tie. */
interface FusedPool {
  readonly shape: ConvShape;
  readonly tied: boolean;
}

/**
 * The forward pass with the max-pool fused, and with the max-pool apart, and the ReLU too where the variant can; their
 * results must be the same to the bit.
 */
function poolPasses(variant: ConvVariantName, shape: ConvShape): Dispatch[] {
  const convVariant = variantOf(variant);
  const pass = correlation(shape, "forward");
  const { outputChannels: channels, outputHeight: height, outputWidth: width } = pass;
  const [reluBits, poolBits] = convVariant.fusesRelu ? ["apartBits", undefined] : [undefined, "apartBits"];
  const buffers = { ...operands(convVariant, "forward", shape), bias: "bias", input: "x" };
  return [
    ...convVariant.forward("fused", pass, { ...buffers, output: "y", bits: "bits", winners: "winners" }),
    ...convVariant.forward("apart", pass, { ...buffers, output: "full", bits: reluBits }),
    maxpoolForward(
      "pool",
      shape.batch,
      { channels, height, width },
      { input: "full", output: "apart", winners: "apartWinners", bits: poolBits },
    ),
  ];
}

function pooled(variant: ConvVariantName, { shape, tied }: FusedPool): Proof {
  const made = dataOf(shape);
  const data = tied ? { ...made, x: zeros(made.x.shape) } : made;
  const { x, weights, bias, w, b, dy, bytes } = data;
  const { inputChannels, padding } = shape;
  const y = conv3x3ForwardReluPool(x, w, b, padding);
  const [batch, channels, height, width] = dy.shape;
  const sizes = {
    y: 4 * sizeOf(y.output.shape),
    bits: positiveBits(dy).byteLength,
    winners: poolBitsBytes(batch, { channels, height, width }),
  };
  const scratch = scratchOf(variantOf(variant), shape);
  return {
    buffers: {
      ...{ weights, bias, x: Float32Array.from(x.data), full: bytes.y, apartBits: sizes.bits },
      ...{ apart: sizes.y, apartWinners: sizes.winners, ...sizes, ...scratch.sizes },
    },
    dispatches: [...scratch.setup, ...poolPasses(variant, shape)],
    check(read) {
      const bound = twin.maxpool_forward(forwardMagnitude(variant, data, shape)).output;
      expectWithin("y", read.f32("y"), y.output.data, bound.data, roundingOf(variant, inputChannels));
      expectExact("words of y", read.u32("y"), read.u32("apart"));
      const winnersIn = (name: string) => unpackWinners(read.u32(name), y.output.shape);
      expectExact("winners", winnersIn("winners"), winnersIn("apartWinners"));
      if (tied) expectExact("ties", winnersIn("winners"), y.winners);
      const [bits, apart] = [read.u32("bits"), read.u32("apartBits")];
      expectExact("bits", unpackPooledBits(bits, dy.shape), unpackPooledBits(apart, dy.shape));
    },
  };
}

export const cases: readonly GpuCase[] = shownVariants.flatMap((variant) => {
  const { features, fusesPool } = variantOf(variant);
  if (!fusesPool) return [];
  return kernelCase(
    entryPoints(poolPasses(variant, POOLED_SHAPES[0] as ConvShape)),
    "fused max-pool, to the bit as apart",
    [
      ...POOLED_SHAPES.map((shape) => ({ shape, tied: false })),
      { shape: conv(2, [3, 9, 17], 9, 1), tied: true },
    ],
    (parameters) => pooled(variant, parameters),
    features,
  );
});
