/** Penalties on the images: value and gradient against the float64 twins, and other people's numbers. */

import { PARTIALS, partialsBytes, reduceTotal } from "../../../src/optvis/reduce.ts";
import { type Term, termPasses } from "../../../src/optvis/terms/registry.ts";
import { gaussianBlur, gaussianWeights } from "../../reference/blur.ts";
import { type Shape4, sizeOf, type Tensor, tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { absolute, coarseNoise, DIVISION, expectWithin, noise, roundings } from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";
import { ProofMemory } from "../../support/placed.ts";

type PenaltyTerm = Extract<Term, { readonly amount: number }>;

interface Penalized {
  readonly term: PenaltyTerm;
  readonly shape: Shape4;
  readonly index: number;
  readonly mean: readonly number[];
  /** Noise of halves, so that neighbours are often equal. */
  readonly coarse?: true;
}

const on = { weight: 1, layer: "image" } as const;
const MEAN = [0.485, 0.456, 0.406];
const BLACK = [0, 0, 0];

const PENALIZED: readonly Penalized[] = [
  { term: { ...on, kind: "l1", amount: 0.5 }, shape: [2, 3, 5, 7], index: 0, mean: MEAN },
  {
    term: { ...on, weight: -0.1, kind: "l1", amount: 0, images: [1] },
    shape: [3, 3, 4, 4],
    index: 1,
    mean: BLACK,
    coarse: true,
  },
  { term: { ...on, kind: "l2", amount: 0.5 }, shape: [2, 3, 5, 7], index: 1, mean: MEAN },
  {
    term: { ...on, weight: -3, kind: "l2", amount: 0, images: [0] },
    shape: [2, 3, 37, 41],
    index: 0,
    mean: BLACK,
  },
  { term: { ...on, kind: "tv", amount: 0 }, shape: [2, 3, 5, 7], index: 0, mean: MEAN },
  {
    term: { ...on, weight: -2, kind: "tv", amount: 0, images: [1] },
    shape: [2, 3, 37, 41],
    index: 1,
    mean: BLACK,
    coarse: true,
  },
  { term: { ...on, kind: "tv", amount: 0 }, shape: [1, 3, 1, 1], index: 0, mean: MEAN },
  { term: { ...on, kind: "tv", amount: 0 }, shape: [1, 3, 6, 1], index: 0, mean: MEAN },
  { term: { ...on, kind: "blur", amount: 1 }, shape: [2, 3, 5, 7], index: 0, mean: MEAN },
  {
    term: { ...on, weight: -2, kind: "blur", amount: 2.5, images: [0] },
    shape: [2, 3, 9, 4],
    index: 1,
    mean: MEAN,
  },
  // Grey.
  ...(["l1", "l2", "tv", "blur"] as const).map((kind) => ({
    term: { ...on, kind, amount: kind === "tv" ? 0 : 0.5 },
    shape: [2, 1, 37, 41] as const,
    index: 0,
    mean: MEAN.slice(0, 1),
  })),
];

/** Value and gradient of each image without weight and gains, their bounds, and operations in a row. */
interface Expected {
  readonly value: Float64Array;
  readonly valueBound: Float64Array;
  readonly gradient: Float64Array;
  readonly gradientBound: Float64Array;
  readonly depths: readonly [value: number, gradient: number];
}

function expected({ kind, amount }: PenaltyTerm, x: Tensor, u: Tensor): Expected {
  const count = x.data.length / x.shape[0];
  const far: Tensor = { shape: x.shape, data: x.data.map((value) => Math.abs(value) + 1 + amount) };
  const sums = 4 + Math.ceil(count / 4096) + 6 + PARTIALS + 4;
  switch (kind) {
    case "l1":
      return {
        value: twin.l1_forward(x, amount),
        valueBound: twin.l1_forward(far, 0),
        gradient: twin.l1_backward(x, amount).data,
        gradientBound: new Float64Array(x.data.length).fill(1),
        depths: [sums, 2],
      };
    case "l2": {
      const value = twin.root_forward(x, amount);
      const bound = twin.root_forward(far, 0);
      const once = 6 + 2 * Math.ceil(count / 64) + 6 + 2 * DIVISION;
      // An error of the root is one of the whole sum; the quotient has it once more.
      const gradientBound = far.data.map((f, i) => {
        const n = Math.floor(i / count);
        return (f / value[n]!) * (bound[n]! / value[n]!) ** 2;
      });
      const valueBound = bound.map((b, n) => (b * b) / value[n]!);
      return {
        value,
        valueBound,
        gradient: twin.root_backward(x, amount).data,
        gradientBound,
        depths: [once + PARTIALS + 3, once + 2 * DIVISION + 3],
      };
    }
    case "tv":
      return {
        value: twin.variation_forward(u),
        valueBound: far.data.reduce((sums_, f, i) => {
          sums_[Math.floor(i / count)]! += 4 * f;
          return sums_;
        }, new Float64Array(x.shape[0])),
        gradient: twin.variation_backward(u).data,
        gradientBound: new Float64Array(x.data.length).fill(4),
        depths: [2 * sums, 2],
      };
    case "blur":
      return blurExpected(amount, u, sums);
  }
}

function blurExpected(sigma: number, u: Tensor, sums: number): Expected {
  const taps = gaussianWeights(sigma).length;
  // exp errs by 3 + 2|x| ULP, its argument by some more; then a weighted mean, rows and columns.
  const blurred = 2 * (2 * taps + 2 * DIVISION + 3 + 2 * 8 + 8);
  const r = twin.penalty_residual(u, gaussianBlur(u, sigma));
  const plus = (x: Tensor): Tensor => {
    const smooth = gaussianBlur(absolute(x), sigma);
    return { shape: x.shape, data: smooth.data.map((value, i) => value + Math.abs(x.data[i]!)) };
  };
  const rBound = plus(u);
  return {
    value: twin.residual_forward(r),
    valueBound: twin.residual_forward(rBound),
    gradient: twin.residual_backward(r, gaussianBlur(r, sigma)).data,
    gradientBound: plus(rBound).data,
    depths: [2 * blurred + sums + 4, 2 * blurred + 4],
  };
}

function penalty({ term, shape, index, mean, coarse }: Penalized): Proof {
  const [batch, , height, width] = shape;
  const size = sizeOf(shape);
  const image = coarse ? coarseNoise(1, size) : noise(1, size);
  return penaltyProof({ term, batch, size: [height, width], index, mean }, tensor(shape, image));
}

function penaltyProof(
  place: {
    term: PenaltyTerm;
    batch: number;
    size: readonly [number, number];
    index: number;
    mean: readonly number[];
  },
  u: Tensor,
): Proof {
  const { term, batch, size, index, mean } = place;
  const area = size[0] * size[1];
  const x: Tensor = {
    shape: u.shape,
    data: u.data.map((value, i) => value + mean[Math.floor(i / area) % mean.length]!),
  };
  const memory = new ProofMemory();
  const shape = { channels: mean.length, height: size[0], width: size[1] };
  const { forward, backward } = termPasses({ term, index, batch, shape, mean, memory });
  const before = noise(2, u.data.length);
  const total = { batch, firstSlot: index, slots: 1, ring: 1 };
  const wanted = expected(term, x, u);
  const gain = (n: number): number => ((term.images?.includes(n) ?? true) ? term.weight : 0);
  const of = (i: number): number => gain(Math.floor((i * batch) / u.data.length));
  const dispatches = [
    ...forward({ activation: "image", partials: "partials" }),
    reduceTotal("value", total, { finished: "partials", state: "state", totals: "value" }),
    ...backward(true, { activation: "image", gradient: "gradient" }),
  ];
  return {
    buffers: {
      ...memory.buffers,
      image: Float32Array.from(u.data),
      gradient: before,
      partials: partialsBytes(batch, index + 1),
      state: new Uint32Array(4),
      value: 4 * batch,
    },
    dispatches,
    check(read) {
      const [valueDepth, depth] = wanted.depths;
      const value = wanted.value.map((v, n) => gain(n) * v);
      const valueBound = wanted.valueBound.map((v, n) => Math.abs(gain(n)) * v);
      expectWithin("value", read.f32("value"), value, valueBound, roundings(valueDepth));
      const gradient = wanted.gradient.map((g, i) => before[i]! + of(i) * g);
      const bound = wanted.gradientBound.map((g, i) => Math.abs(before[i]!) + Math.abs(of(i)) * g);
      expectWithin("gradient", read.f32("gradient"), gradient, bound, roundings(depth + 1));
    },
  };
}

/** 0 … 74 as an image of 5×5 pixels, as in captum's tests of its losses. */
function arange(term: PenaltyTerm): Proof {
  const shape: Shape4 = [1, 3, 5, 5];
  const u = tensor(
    shape,
    Float64Array.from({ length: 75 }, (_, i) => i),
  );
  const proof = penaltyProof({ term, batch: 1, size: [5, 5], index: 0, mean: BLACK }, u);
  const theirs = { tv: 360, l1: 8400, l2: 987.9018 }[term.kind as "tv" | "l1" | "l2"];
  return {
    ...proof,
    check(read) {
      proof.check(read);
      expectWithin(`captum's ${term.kind}`, read.f32("value"), [theirs], [theirs], 1e-7);
    },
  };
}

const KERNELS =
  "l1_forward l1_backward root_forward root_backward variation_forward variation_backward".split(" ");

export const cases: readonly GpuCase[] = [
  kernelCase(
    [...KERNELS, "penalty_residual", "residual_forward", "residual_backward"],
    "equal neighbours, one pixel, single images of a batch",
    PENALIZED,
    penalty,
  ),
  kernelCase(
    KERNELS,
    "captum's numbers",
    [
      { ...on, kind: "tv", amount: 0 },
      { ...on, kind: "l1", amount: -75 },
      { ...on, kind: "l2", amount: -75 },
    ],
    arange,
  ),
];
