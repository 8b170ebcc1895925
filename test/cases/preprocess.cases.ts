import type { Preprocess } from "../../src/model/network.ts";
import { preprocessing, preprocessKinds } from "../../src/model/preprocess.ts";
import { preprocessBackward, preprocessForward } from "../../src/nn/preprocess.ts";
import { type Shape4, sizeOf, tensor } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import type { GpuCase } from "../stacks/case.ts";
import { absolute, dot, expectAdjoint, expectWithin, noise, roundings } from "./compare.ts";
import { kernelCase, type Proof } from "./execute.ts";

const SIZES: readonly (readonly [batch: number, height: number, width: number])[] = [
  [1, 1, 1],
  [2, 3, 7],
  [3, 8, 9],
];

/** The scale's own rounding to float32, and one product. */
const DEPTH = 2;

function both({ kind, size }: { readonly kind: Preprocess; readonly size: (typeof SIZES)[number] }): Proof {
  const [batch, height, width] = size;
  const shape: Shape4 = [batch, 3, height, width];
  const u = tensor(shape, noise(1, sizeOf(shape)));
  const dx = tensor(shape, noise(2, sizeOf(shape)));
  const setting = [batch, height * width, preprocessing(kind)] as const;
  return {
    buffers: {
      u: Float32Array.from(u.data),
      x: 4 * sizeOf(shape),
      dx: Float32Array.from(dx.data),
      du: 4 * sizeOf(shape),
    },
    dispatches: [
      preprocessForward(...setting, { input: "u", output: "x" }),
      preprocessBackward(...setting, { outputGradient: "dx", inputGradient: "du" }),
    ],
    check(read) {
      const [x, du] = [twin.preprocess_forward(u, kind).data, twin.preprocess_backward(dx, kind).data];
      expectWithin("x", read.f32("x"), x, x, roundings(DEPTH));
      expectWithin("du", read.f32("du"), du, du, roundings(DEPTH));
      const magnitude = dot(twin.preprocess_forward(absolute(u), kind).data, absolute(dx).data);
      expectAdjoint(
        "adjoint",
        dot(read.f32("x"), dx.data),
        dot(u.data, read.f32("du")),
        magnitude,
        roundings(DEPTH),
      );
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    ["preprocess_forward", "preprocess_backward"],
    "every kind; each the transpose of the other",
    preprocessKinds.flatMap((kind) => SIZES.map((size) => ({ kind, size }))),
    both,
  ),
];
