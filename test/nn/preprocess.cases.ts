import type { Preprocess } from "../../src/model/network.ts";
import { preprocessing, preprocessKinds } from "../../src/model/preprocess.ts";
import { preprocessBackward, preprocessForward, type Window } from "../../src/nn/preprocess.ts";
import { type Shape4, sizeOf, type Tensor, tensor } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import type { GpuCase } from "../stacks/case.ts";
import { absolute, dot, expectAdjoint, expectWithin, noise, roundings } from "../support/compare.ts";
import { kernelCase, type Proof } from "../support/execute.ts";

/** Images, and the windows of them that are the network's input: whole, inside, at corners. */
const SIZES = [
  { shape: [1, 3, 1, 1], window: { y: 0, x: 0, height: 1, width: 1 } },
  { shape: [2, 3, 3, 7], window: { y: 0, x: 0, height: 3, width: 7 } },
  { shape: [3, 3, 8, 9], window: { y: 2, x: 3, height: 5, width: 4 } },
  { shape: [2, 3, 8, 9], window: { y: 0, x: 8, height: 1, width: 1 } },
  { shape: [1, 3, 8, 9], window: { y: 7, x: 0, height: 1, width: 9 } },
] as const satisfies readonly { readonly shape: Shape4; readonly window: Window }[];

/** Of networks that take one channel. */
const GREY = ["mean=0.5;std=0.5", "mean=0;std=1"] as const;

function grey({ shape: [batch, , height, width], window }: (typeof SIZES)[number]): Framed["size"] {
  return { shape: [batch, 1, height, width], window };
}

/** The scale's own rounding to float32, and one product. */
const DEPTH = 2;

interface Framed {
  readonly kind: Preprocess;
  readonly size: { readonly shape: Shape4; readonly window: Window };
}

function both({ kind, size }: Framed): Proof {
  const { shape, window } = size;
  const [batch, colours, height, width] = shape;
  const inner: Shape4 = [batch, colours, window.height, window.width];
  const u = tensor(shape, noise(1, sizeOf(shape)));
  const dx = tensor(inner, noise(2, sizeOf(inner)));
  const setting = [{ batch, size: [height, width], window }, preprocessing(kind)] as const;
  const { y, x: left } = window;
  const forward = (image: Tensor) => twin.preprocess_forward(image, kind, [y, left, inner[2], inner[3]]);
  return {
    buffers: {
      u: Float32Array.from(u.data),
      x: 4 * sizeOf(inner),
      dx: Float32Array.from(dx.data),
      du: 4 * sizeOf(shape),
    },
    dispatches: [
      preprocessForward(...setting, { input: "u", output: "x" }),
      preprocessBackward(...setting, { outputGradient: "dx", inputGradient: "du" }),
    ],
    check(read) {
      const x = forward(u).data;
      const du = twin.preprocess_backward(dx, kind, [y, left, height, width]).data;
      expectWithin("x", read.f32("x"), x, x, roundings(DEPTH));
      expectWithin("du", read.f32("du"), du, du, roundings(DEPTH));
      const magnitude = dot(forward(absolute(u)).data, absolute(dx).data);
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
    "every kind and windows; each the transpose of the other",
    [
      ...preprocessKinds.flatMap((kind) => SIZES.map((size): Framed => ({ kind, size }))),
      ...GREY.flatMap((kind) => SIZES.map((size): Framed => ({ kind, size: grey(size) }))),
    ],
    both,
  ),
];
