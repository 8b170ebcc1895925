import { preprocessing } from "../../src/model/preprocess.ts";
import { choicesOf } from "../../src/optvis/field.ts";
import { advanceState, initialState, update } from "../../src/optvis/optimizers.ts";
import type { OptimizerKind } from "../../src/optvis/recipe.ts";
import { recipeFields } from "../../src/optvis/recipe-fields.ts";
import { clampToRgb } from "../reference/ascent.ts";
import { momentumProduct } from "../reference/optimizer.ts";
import { type Shape4, sizeOf, tensor } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import type { GpuCase } from "../stacks/case.ts";
import { expectExact, expectWithin, noise, roundings } from "../support/compare.ts";
import { kernelCase, type Proof } from "../support/execute.ts";
import { gradientSums, optimizerTwins, stepBound } from "../support/optimizer.ts";

interface Stepped {
  readonly kind: OptimizerKind;
  readonly shape: Shape4;
  readonly lr: number;
  /** Steps made before. */
  readonly t: number;
  readonly clamp: boolean;
  readonly decay?: number;
}

const PREPROCESS = "imagenet";
const GREY = "mean=0.5;std=0.5";

const STEPS: readonly Stepped[] = choicesOf(recipeFields.optimizer).flatMap((kind) => [
  { kind, shape: [1, 3, 1, 1] as const, lr: 0.5, t: 0, clamp: false },
  { kind, shape: [3, 3, 5, 7] as const, lr: 0.05, t: 7, clamp: false },
  { kind, shape: [3, 3, 3, 22] as const, lr: 2, t: 0, clamp: true },
  { kind, shape: [3, 3, 4, 2] as const, lr: 0.01, t: 999, clamp: false },
  { kind, shape: [2, 3, 5, 3] as const, lr: 0.05, t: 1, clamp: true, decay: 0.3 },
  { kind, shape: [3, 1, 3, 22] as const, lr: 2, t: 0, clamp: true },
]);

/** The image in the middle of the batch has no gradient and has had none; nothing may move it. */
function withStillImage(values: Float32Array, batch: number): Float32Array {
  const perImage = values.length / batch;
  return batch < 3 ? values : values.fill(0, perImage, 2 * perImage);
}

function step({ kind, shape, lr, t, clamp, decay = 0 }: Stepped): Proof {
  const [batch, colours, height, width] = shape;
  const preprocess = colours === 1 ? GREY : PREPROCESS;
  const size = sizeOf(shape);
  const x = noise(1, size);
  const g = withStillImage(noise(2, size), batch);
  const first = noise(3, size).map((value) => (kind === "rmsprop" ? value ** 2 : value));
  const moment1 = withStillImage(first, batch);
  const moment2 = withStillImage(
    noise(4, size).map((value) => value ** 2),
    batch,
  );
  const state = new Uint32Array(4);
  state[0] = t;
  new Float32Array(state.buffer).set([...twin.advance(t), momentumProduct(t)], 1);
  const setting = {
    batch,
    length: colours * height * width,
    area: height * width,
    lr,
    decay,
    clamp,
    mean: preprocessing(preprocess).mean,
  };
  const buffers = { values: x, gradient: g, sums: gradientSums(kind, g, batch), moment1, moment2, state };
  const names = Object.fromEntries(Object.keys(buffers).map((name) => [name, name])) as {
    readonly [name in keyof typeof buffers]: string;
  };
  return {
    buffers,
    dispatches: [update(kind, setting, names)],
    check(read) {
      const image = tensor(shape, x);
      const moments = { first: tensor(shape, moment1), second: tensor(shape, moment2) };
      const bound = stepBound(kind, image, g, moments, lr, t);
      optimizerTwins[kind](image, tensor(shape, g), moments, lr, t);
      image.data.set(image.data.map((value) => (1 - decay) * value));
      if (clamp) clampToRgb(image, { preprocess });
      expectWithin("image", read.f32("values"), image.data, bound, 1);
      expectWithin("moment 1", read.f32("moment1"), moments.first.data, firstBound(moment1, g), roundings(4));
      expectWithin("moment 2", read.f32("moment2"), moments.second.data, moments.second.data, roundings(5));
      if (batch < 3 || clamp) return;
      const still = [size / batch, (2 * size) / batch] as const;
      expectExact("still image", read.f32("values").subarray(...still), x.subarray(...still));
    },
  };
}

/** 0.9·|m| + |g| is no less than what momentum or Adam add up. */
function firstBound(m: Float32Array, g: Float32Array): Float32Array {
  return m.map((value, i) => 0.9 * Math.abs(value) + Math.abs(g[i]!));
}

/** After `steps` iterations. */
function recurrence(steps: number): Proof {
  return {
    buffers: { state: new Uint32Array(initialState()) },
    dispatches: Array.from({ length: steps }, () => advanceState("state")),
    check(read) {
      expectExact("step", read.u32("state").subarray(0, 1), [steps]);
      const bounds = [0.1, 0.001].map((rate) => recurrenceBound(rate, steps));
      // Each step's momentum errs by an exponential, two products and a difference; the product underflows to 0.
      const product = momentumProduct(steps);
      const bound = product * roundings(12 * (steps + 1)) + 2 ** -126;
      expectWithin("product", read.f32("state").subarray(3), [product], [bound], 1);
      expectWithin("corrections", read.f32("state").subarray(1, 3), twin.advance(steps), bounds, 1);
    },
  };
}

/** c ← c + rate·(1 − c): each step shrinks the error by 1 − rate and adds the roundings of its operations. */
function recurrenceBound(rate: number, steps: number): number {
  let error = roundings(1) * rate;
  for (let t = 1; t <= steps; t++) {
    const correction = 1 - (1 - rate) ** (t + 1);
    error = (1 - rate) * error + roundings(3) * rate * (1 - correction + rate) + roundings(1) * correction;
  }
  return error;
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    choicesOf(recipeFields.optimizer).map((kind) => `update_${kind}`),
    "one step from any state; no gradient, no step",
    STEPS,
    step,
  ),
  kernelCase(
    ["advance"],
    "Adam's bias corrections are 1 − βᵗ after 1000 steps",
    [0, 1, 10, 1000],
    recurrence,
  ),
];
