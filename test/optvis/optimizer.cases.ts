import { preprocessing } from "../../src/model/preprocess.ts";
import { advanceState, initialState, update } from "../../src/optvis/optimizers.ts";
import { type OptimizerKind, optimizerKinds } from "../../src/optvis/recipe.ts";
import { clampToRgb } from "../reference/ascent.ts";
import { momentumProduct } from "../reference/optimizer.ts";
import { type Shape4, sizeOf, type Tensor, tensor } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import type { GpuCase } from "../stacks/case.ts";
import { DIVISION, EPSILON, expectExact, expectWithin, noise, roundings } from "../support/compare.ts";
import { kernelCase, type Proof } from "../support/execute.ts";

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

const STEPS: readonly Stepped[] = optimizerKinds.flatMap((kind) => [
  { kind, shape: [1, 3, 1, 1] as const, lr: 0.5, t: 0, clamp: false },
  { kind, shape: [3, 3, 5, 7] as const, lr: 0.05, t: 7, clamp: false },
  { kind, shape: [3, 3, 3, 22] as const, lr: 2, t: 0, clamp: true },
  { kind, shape: [3, 3, 4, 2] as const, lr: 0.01, t: 999, clamp: false },
  { kind, shape: [2, 3, 5, 3] as const, lr: 0.05, t: 1, clamp: true, decay: 0.3 },
]);

const TWINS = {
  sgd: twin.update_sgd,
  normalized: twin.update_normalized,
  rms: twin.update_rms,
  mean: twin.update_mean,
  momentum: twin.update_momentum,
  adam: twin.update_adam,
  rmsprop: twin.update_rmsprop,
  nadam: twin.update_nadam,
} as const;

/** The image in the middle of the batch has no gradient and has had none; nothing may move it. */
function withStillImage(values: Float32Array, batch: number): Float32Array {
  const perImage = values.length / batch;
  return batch < 3 ? values : values.fill(0, perImage, 2 * perImage);
}

function step({ kind, shape, lr, t, clamp, decay = 0 }: Stepped): Proof {
  const [batch, , height, width] = shape;
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
    length: 3 * height * width,
    area: height * width,
    lr,
    decay,
    clamp,
    mean: preprocessing(PREPROCESS).mean,
  };
  const buffers = { values: x, gradient: g, sums: sumsOf(kind, g, batch), moment1, moment2, state };
  const names = Object.fromEntries(Object.keys(buffers).map((name) => [name, name])) as {
    readonly [name in keyof typeof buffers]: string;
  };
  return {
    buffers,
    dispatches: [update(kind, setting, names)],
    check(read) {
      const image = tensor(shape, x);
      const moments = { first: tensor(shape, moment1), second: tensor(shape, moment2) };
      const bound = boundOf(kind, image, g, moments, lr, t);
      TWINS[kind](image, tensor(shape, g), moments, lr, t);
      image.data.set(image.data.map((value) => (1 - decay) * value));
      if (clamp) clampToRgb(image, { preprocess: PREPROCESS });
      expectWithin("image", read.f32("values"), image.data, bound, 1);
      expectWithin("moment 1", read.f32("moment1"), moments.first.data, firstBound(moment1, g), roundings(4));
      expectWithin("moment 2", read.f32("moment2"), moments.second.data, moments.second.data, roundings(5));
      if (batch < 3 || clamp) return;
      const still = [size / batch, (2 * size) / batch] as const;
      expectExact("still image", read.f32("values").subarray(...still), x.subarray(...still));
    },
  };
}

function sumsOf(kind: OptimizerKind, g: Float32Array, batch: number): Float32Array {
  const perImage = g.length / batch;
  const range = { batch, stride: perImage, offset: 0, count: perImage, scale: 1 };
  return Float32Array.from(twin.reduce_partials(kind === "mean" ? "absolute" : "squares", g, range));
}

/** 0.9·|m| + |g| is no less than what momentum or Adam add up. */
function firstBound(m: Float32Array, g: Float32Array): Float32Array {
  return m.map((value, i) => 0.9 * Math.abs(value) + Math.abs(g[i]!));
}

/** WGSL: 1 / inverseSqrt(x), 2 ULP and a division, so as much as five operations. */
const SQUARE_ROOT = 5;

/**
 * Per element: the last sum rounds |x| + |change|; the change itself comes of at most `depth` roundings of a
 * product and quotient whose factors keep their sign, but for the first moment, bounded by absolute values.
 * The clamp's bounds are rounded too.
 */
function boundOf(
  kind: OptimizerKind,
  x: Tensor,
  g: Float32Array,
  moments: { readonly first: Tensor; readonly second: Tensor },
  lr: number,
  t: number,
): Float64Array {
  const [first, second] = [moments.first.data.map(Math.abs), moments.second.data];
  const change = { shape: x.shape, data: new Float64Array(x.data.length) };
  const positive = {
    first: { shape: x.shape, data: first },
    second: { shape: x.shape, data: second.slice() },
  };
  TWINS[kind](change, tensor(x.shape, g.map(Math.abs)), positive, lr, t);
  // Rounding of lr, Σg² or the corrections; moments, mean, root, 1e-8 and its sum, product and quotient.
  // NAdam's two factors: exponential, product, two differences and a quotient each, and their sum.
  const factors = kind === "nadam" ? 6 + 4 + 2 * DIVISION : 0;
  const depth = 3 + 5 + 2 * DIVISION + SQUARE_ROOT + 2 + 1 + DIVISION + factors;
  return x.data.map((value, i) => {
    const size = change.data[i]!;
    // The sum, and the decay's difference and product.
    return roundings(3) * (Math.abs(value) + size) + roundings(depth) * size + 2 * EPSILON;
  });
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
    optimizerKinds.map((kind) => `update_${kind}`),
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
