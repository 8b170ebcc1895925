import { affineBackward, affineForward } from "../../../src/nn/layers/affine.ts";
import { type Shape4, sizeOf, tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { absolute, absoluteOf, coarseNoise, expectWithin, noise, roundings } from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";

/** Around a workgroup; images and units of a linear layer. */
const SHAPES: readonly Shape4[] = [
  [1, 1, 1, 1],
  [2, 3, 5, 7],
  [1, 64, 1, 1],
  [3, 65, 1, 1],
  [1, 9, 7, 1],
  [2, 5, 8, 8],
];

function affine(shape: Shape4): Proof {
  const [batch, channels, height, width] = shape;
  const x = tensor(shape, noise(1, sizeOf(shape)));
  const dy = tensor(shape, noise(2, sizeOf(shape)));
  // Zeros and negative scales among them.
  const weights = coarseNoise(3, channels);
  const bias = noise(4, channels);
  const layer = [batch, { channels, height, width }] as const;
  return {
    buffers: {
      weights,
      bias,
      x: Float32Array.from(x.data),
      y: 4 * sizeOf(shape),
      gradient: Float32Array.from(dy.data),
    },
    dispatches: [
      affineForward("forward", ...layer, { weights: "weights", bias: "bias", input: "x", output: "y" }),
      affineBackward("backward", ...layer, { weights: "weights", gradient: "gradient" }),
    ],
    check(read) {
      const [w, b] = [Float64Array.from(weights), Float64Array.from(bias)];
      const bound = twin.affine_forward(absolute(x), absoluteOf(w), absoluteOf(b)).data;
      expectWithin("y", read.f32("y"), twin.affine_forward(x, w, b).data, bound, roundings(2));
      const expected = twin.affine_backward(dy, w).data;
      expectWithin("gradient", read.f32("gradient"), expected, expected, roundings(1));
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(["affine_forward", "affine_backward"], "images and single units", SHAPES, affine),
];
