import { reluBitsBytes } from "../../../src/nn/bits.ts";
import {
  clearRedirectFlags,
  reluBackward,
  reluBackwardGuided,
  reluBackwardRedirect,
  reluForward,
} from "../../../src/nn/layers/relu.ts";
import { positiveBits } from "../../reference/bits.ts";
import { type Shape4, sizeOf, tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { coarseNoise, expectExact, noise } from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";

/** Around the word of 4 channels × 8 pixels. */
const SHAPES: readonly Shape4[] = [
  [1, 1, 1, 1],
  [1, 3, 2, 7],
  [2, 5, 3, 8],
  [1, 9, 1, 9],
  [3, 4, 5, 16],
  [2, 17, 2, 5],
  [1, 7, 6, 17],
  [1, 10, 1, 1],
];

function dimensions([, channels, height, width]: Shape4) {
  return { channels, height, width };
}

function forwardAndBackward(shape: Shape4): Proof {
  const input = coarseNoise(1, sizeOf(shape));
  if (input.length > 1) input.set([-0, 0]);
  const x = tensor(shape, input);
  const dy = noise(2, sizeOf(shape));
  const layer = [shape[0], dimensions(shape)] as const;
  return {
    buffers: { input, output: input.byteLength, bits: reluBitsBytes(...layer), gradient: dy, guided: dy },
    dispatches: [
      reluForward("forward", ...layer, { input: "input", output: "output", bits: "bits" }),
      reluBackward("backward", ...layer, { mask: "bits", gradient: "gradient" }),
      reluBackwardGuided("guided", ...layer, { mask: "bits", gradient: "guided" }),
    ],
    check(read) {
      expectExact("output", read.f32("output"), twin.relu_forward(x).data);
      expectExact("bits", read.u32("bits"), positiveBits(x));
      expectExact("gradient", read.f32("gradient"), twin.relu_backward(tensor(shape, dy), x).data);
      expectExact("guided", read.f32("guided"), twin.relu_backward_guided(tensor(shape, dy), x).data);
    },
  };
}

/** What a ReLU sees of one image: its input and the gradient that comes back. */
type Scene = "alive" | "dead" | "off, with gradient" | "on, without gradient" | "one unit alive";

/** @returns input and gradient of one image of `size` units */
function imageOf(scene: Scene, seed: number, size: number): [x: Float32Array, dy: Float32Array] {
  const [x, dy] = [noise(seed, size), noise(seed + 1, size)];
  switch (scene) {
    case "alive":
      return [x, dy];
    case "dead":
      return [x.map((value) => -Math.abs(value)), dy];
    case "off, with gradient":
      return [x, dy.map((value, i) => (x[i]! > 0 ? 0 : value))];
    case "on, without gradient":
      return [x.map((value) => Math.abs(value) + 1), new Float32Array(size)];
    case "one unit alive":
      return [x.map((_, i) => (i === size - 1 ? 1 : 0)), dy];
  }
}

interface Redirected {
  readonly scenes: readonly Scene[];
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Layers whose flags stand before and after this one's. */
  readonly before: number;
  readonly after: number;
}

const REDIRECTED: readonly Redirected[] = [
  { scenes: ["dead", "alive"], shape: [5, 3, 9], before: 0, after: 0 },
  { scenes: ["alive", "dead"], shape: [5, 3, 9], before: 1, after: 2 },
  { scenes: ["one unit alive", "dead", "off, with gradient"], shape: [9, 2, 17], before: 2, after: 1 },
  { scenes: ["on, without gradient", "off, with gradient", "alive"], shape: [3, 4, 8], before: 0, after: 1 },
  { scenes: ["dead"], shape: [1, 1, 1], before: 0, after: 0 },
  {
    scenes: Array.from({ length: 70 }, (_, n) => (n % 3 ? "dead" : "alive")),
    shape: [2, 1, 3],
    before: 1,
    after: 0,
  },
];

function redirect({ scenes, shape, before, after }: Redirected): Proof {
  const [channels, height, width] = shape;
  const batch = scenes.length;
  const images = scenes.map((scene, n) => imageOf(scene, 10 * n, channels * height * width));
  const full: Shape4 = [batch, ...shape];
  const x = tensor(
    full,
    images.flatMap(([input]) => [...input]),
  );
  const dy = tensor(
    full,
    images.flatMap(([, gradient]) => [...gradient]),
  );
  const flag = before * batch;
  const flags = new Uint32Array((before + 1 + after) * batch).fill(7);
  const alive = { buffer: "alive", offset: 0, size: flags.byteLength };
  return {
    buffers: { mask: positiveBits(x), gradient: Float32Array.from(dy.data), alive: flags },
    dispatches: [
      clearRedirectFlags(flags.length, alive),
      ...reluBackwardRedirect("backward", batch, { channels, height, width }, flag, {
        mask: "mask",
        gradient: "gradient",
        alive: "alive",
      }),
    ],
    check(read) {
      const expected = twin.clear_flags(flags);
      expected.set(twin.relu_backward_detect(dy, x), flag);
      expectExact("alive", read.u32("alive"), expected);
      expectExact("gradient", read.f32("gradient"), twin.relu_backward_redirect(dy, x).data);
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    ["relu_forward", "relu_backward", "relu_backward_guided"],
    "zeros, words that are not full",
    SHAPES,
    forwardAndBackward,
  ),
  kernelCase(
    ["clear_flags", "relu_backward_detect", "relu_backward_redirect"],
    "image by image, only where the whole gradient would vanish",
    REDIRECTED,
    redirect,
  ),
];
