import { createAscent } from "../../../src/engine/run/ascent.ts";
import { choicesOf } from "../../../src/optvis/field.ts";
import { initialState, normOf, update } from "../../../src/optvis/optimizers.ts";
import { share } from "../../../src/optvis/params/share.ts";
import { defaultRecipe, type OptimizerKind } from "../../../src/optvis/recipe.ts";
import { recipeFields } from "../../../src/optvis/recipe-fields.ts";
import { partialsBytes, reducePartials, reduceTotal } from "../../../src/optvis/reduce.ts";
import { tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { Assets, GpuCase } from "../../stacks/case.ts";
import {
  coarseNoise,
  dot,
  expectAdjoint,
  expectExact,
  expectWithin,
  noise,
  roundings,
} from "../../support/compare.ts";
import { embedded } from "../../support/embedded.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";
import { gpuOf } from "../../support/gpu.ts";
import { optimizerTwins, stepBound } from "../../support/optimizer.ts";

interface Shared {
  readonly batch: number;
  readonly length: number;
  /** Every so many numbers one is shared. */
  readonly every: number;
}

const SHARED: readonly Shared[] = [
  { batch: 1, length: 1, every: 1 },
  { batch: 2, length: 63, every: 2 },
  { batch: 3, length: 130, every: 5 },
  { batch: 4, length: 64, every: 1 },
  { batch: 2, length: 65, every: 1000 },
];

function shared({ batch, length, every }: Shared): Proof {
  const mask = Float32Array.from({ length }, (_, i) => (i % every === every - 1 ? 1 : 0));
  const [values, gradient] = [noise(1, batch * length), noise(2, batch * length)];
  const passes = share({ batch, length }, { mask: "mask", values: "values", gradient: "gradient" });
  return {
    buffers: { mask, values, gradient },
    dispatches: [passes.forward, passes.backward],
    check(read) {
      const s = read.f32("values");
      expectExact("s", s, twin.share_forward(values, mask));
      const dv = read.f32("gradient");
      const bound = twin.share_backward(gradient.map(Math.abs), mask);
      expectWithin("dv", dv, twin.share_backward(gradient, mask), bound, roundings(batch));
      // A shared number is one: only the first image's is put in.
      const put = values.map((value, at) => (at >= length && mask[at % length] === 1 ? 0 : value));
      expectAdjoint("share", dot(s, gradient), dot(put, dv), batch * length, roundings(batch));
    },
  };
}

/** The passes of one step: gradients shared, their norm, the optimizer, values shared. */
function stepPasses(kind: OptimizerKind, batch: number, length: number) {
  const passes = share({ batch, length }, { mask: "mask", values: "values", gradient: "gradient" });
  const norm = normOf(kind);
  const range = { batch, stride: length, offset: 0, count: length, slot: 0, scale: 1 };
  const total = { batch, firstSlot: 0, slots: 1, ring: 1 };
  const ends = { finished: "partials", state: "state", totals: "sums" };
  const mean = [0, 0, 0];
  const step = { batch, length, area: length, lr: STEP, decay: 0, clamp: false, mean };
  const buffers = { values: "values", gradient: "gradient", sums: "sums", state: "state" };
  return [
    passes.backward,
    ...(norm ? [reducePartials("norm", norm, range, { input: "gradient", partials: "partials" })] : []),
    ...(norm ? [reduceTotal("norm", total, ends)] : []),
    update(kind, step, { ...buffers, moment1: "moment1", moment2: "moment2" }),
    passes.forward,
  ];
}

const STEP = 0.25;
const STEPPED = choicesOf(recipeFields.optimizer).flatMap((kind) => [
  { kind, batch: 1, length: 6, every: 2 },
  { kind, batch: 3, length: 12, every: 3 },
  { kind, batch: 4, length: 66, every: 1 },
]);

/**
 * A first step: image n moves by the gradient of all its numbers, which for a shared one is the sum over the images, and
 * by the norm of that. The gradients are multiples of ½, so that the kernels' sums are exact.
 */
function stepped({ kind, batch, length, every }: Shared & { readonly kind: OptimizerKind }): Proof {
  const mask = Float32Array.from({ length }, (_, i) => (i % every === 0 ? 1 : 0));
  const values = Float32Array.from(twin.share_forward(noise(1, batch * length), mask));
  const gradient = coarseNoise(2, batch * length);
  const none = () => new Float32Array(batch * length);
  return {
    buffers: {
      ...{ mask, values, gradient, moment1: none(), moment2: none() },
      ...{ partials: partialsBytes(batch, 1), sums: 4 * batch, state: new Uint32Array(initialState()) },
    },
    dispatches: stepPasses(kind, batch, length),
    check(read) {
      const shape = [batch, 3, 1, length / 3] as const;
      const image = tensor(shape, values);
      const whole = Float32Array.from(twin.share_backward(gradient, mask));
      const moments = () => ({ first: tensor(shape, none()), second: tensor(shape, none()) });
      const bound = stepBound(kind, image, whole, moments(), STEP, 0);
      optimizerTwins[kind](image, tensor(shape, whole), moments(), STEP, 0);
      const expected = twin.share_forward(image.data, mask);
      expectWithin("values", read.f32("values"), expected, twin.share_forward(bound, mask), 1);
    },
  };
}

/** Images that begin as one and want the same are one to the last bit, whatever the optimizer. */
async function equalImagesStayEqual(device: GPUDevice, assets: Assets): Promise<void> {
  const model = await embedded(assets);
  for (const optimizer of choicesOf(recipeFields.optimizer)) {
    const fields = { objective: "channel:conv2_1:7", param: "fourier", share: 2, batch: 4 } as const;
    const recipe = { ...defaultRecipe, ...fields, size: [48, 48] as const, optimizer };
    const ascent = await createAscent(gpuOf(device), model, recipe);
    for await (const _ of ascent.run({ iterations: 12 }));
    const image = await ascent.readImage();
    ascent.dispose();
    const length = image.length / recipe.batch;
    for (let n = 1; n < recipe.batch; n++) {
      const own = image.subarray(n * length, (n + 1) * length);
      expectExact(`image ${n} by ${optimizer}`, own, image.subarray(0, length));
    }
  }
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    ["share_forward", "share_backward"],
    "the first image's numbers, their gradients added",
    SHARED,
    shared,
  ),
  kernelCase(
    ["share_backward", ...choicesOf(recipeFields.optimizer).map((kind) => `update_${kind}`), "share_forward"],
    "each image steps by the norm of its own whole gradient",
    STEPPED,
    stepped,
  ),
  { name: "images that share and begin as one stay one", once: true, run: equalImagesStayEqual },
];
