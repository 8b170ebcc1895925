import { reluBitsBytes } from "../../../src/nn/bits.ts";
import { leakyBackward, leakyBackwardGuided, leakyForward } from "../../../src/nn/layers/leaky.ts";
import { positiveBits } from "../../reference/bits.ts";
import { type Shape4, sizeOf, tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { coarseNoise, expectExact, expectWithin, noise, roundings } from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";

interface Leaky {
  readonly shape: Shape4;
  readonly slope: number;
}

/** Around the word of 4 channels × 8 pixels; slopes as PyTorch and Keras have them, and a negative one. */
const LEAKY: readonly Leaky[] = [
  { shape: [1, 1, 1, 1], slope: 0.01 },
  { shape: [1, 3, 2, 7], slope: 0.3 },
  { shape: [2, 5, 3, 8], slope: 0.1 },
  { shape: [1, 9, 1, 9], slope: 0.2 },
  { shape: [3, 4, 5, 16], slope: 1 },
  { shape: [2, 17, 2, 5], slope: 0.01 },
  { shape: [1, 7, 6, 17], slope: -0.5 },
  { shape: [1, 10, 1, 1], slope: 2 },
];

function leaky({ shape, slope }: Leaky): Proof {
  const [batch, channels, height, width] = shape;
  const input = coarseNoise(1, sizeOf(shape));
  if (input.length > 1) input.set([-0, 0]);
  const x = tensor(shape, input);
  const noisy = noise(2, sizeOf(shape));
  const dy = tensor(shape, noisy);
  const layer = [batch, { channels, height, width }, slope] as const;
  return {
    buffers: {
      input,
      output: input.byteLength,
      bits: reluBitsBytes(layer[0], layer[1]),
      gradient: noisy,
      guided: noisy,
    },
    dispatches: [
      leakyForward("forward", ...layer, { input: "input", output: "output", bits: "bits" }),
      leakyBackward("backward", ...layer, { mask: "bits", gradient: "gradient" }),
      leakyBackwardGuided("guided", ...layer, { mask: "bits", gradient: "guided" }),
    ],
    check(read) {
      expectExact("bits", read.u32("bits"), positiveBits(x));
      // The slope is rounded to float32, and the product once more.
      const factor = roundings(2);
      const near = (name: string, { data }: { readonly data: Float64Array }) =>
        expectWithin(name, read.f32(name), data, data, factor);
      near("output", twin.leaky_forward(x, slope));
      near("gradient", twin.leaky_backward(dy, x, slope));
      near("guided", twin.leaky_backward_guided(dy, x, slope));
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    ["leaky_forward", "leaky_backward", "leaky_backward_guided"],
    "zeros, words that are not full, several slopes",
    LEAKY,
    leaky,
  ),
];
