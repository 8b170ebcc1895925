import { gradcam } from "../../src/optvis/gradcam.ts";
import { type Shape4, sizeOf, tensor } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import type { GpuCase } from "../stacks/case.ts";
import { absolute, DIVISION, expectWithin, noise, roundings } from "../support/compare.ts";
import { kernelCase, type Proof } from "../support/execute.ts";

/** Around a workgroup of 64 positions, several images, and the units of a linear layer. */
const SHAPES: readonly Shape4[] = [
  [1, 1, 1, 1],
  [2, 5, 3, 7],
  [1, 3, 9, 7],
  [3, 4, 8, 8],
  [2, 2, 5, 13],
  [1, 70, 11, 17],
  [2, 10, 1, 1],
];

function maps(shape: Shape4): Proof {
  const [batch, channels, height, width] = shape;
  const a = tensor(shape, noise(1, sizeOf(shape)));
  const g = tensor(shape, noise(2, sizeOf(shape)));
  const bytes = 4 * sizeOf(shape);
  return {
    buffers: {
      activation: Float32Array.from(a.data),
      gradient: Float32Array.from(g.data),
      alpha: bytes / (height * width),
      cam: bytes / channels,
    },
    dispatches: gradcam(
      batch,
      { channels, height, width },
      { activation: "activation", gradient: "gradient", alpha: "alpha", cam: "cam" },
    ),
    check(read) {
      // Sums of ⌈P/64⌉ numbers, a tree of 64, and a division; then an fma for each channel.
      const depth = Math.ceil((height * width) / 64) + 6 + DIVISION;
      const alpha = twin.gradcam_weights(g);
      const alphaBound = twin.gradcam_weights(absolute(g));
      expectWithin("alpha", read.f32("alpha"), alpha, alphaBound, roundings(depth));
      const cam = twin.gradcam_map(alpha, a).data;
      const camBound = twin.gradcam_map(alphaBound, absolute(a)).data;
      expectWithin("cam", read.f32("cam"), cam, camBound, roundings(depth + 2 * channels));
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(["gradcam_weights", "gradcam_map"], "positions around a workgroup, batches", SHAPES, maps),
];
