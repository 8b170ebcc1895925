/** The alpha channel: opacity, composites, backgrounds and the term; whole ascents are in transparent.cases.ts. */
import { Allocation } from "../../../src/engine/plan/memory.ts";
import { compositePasses, opacityPasses } from "../../../src/optvis/params/alpha.ts";
import { background } from "../../../src/optvis/params/background.ts";
import { spectrumScale } from "../../../src/optvis/params/fourier.ts";
import { PARTIALS, partialsBytes, reduceTotal } from "../../../src/optvis/reduce.ts";
import { termPasses } from "../../../src/optvis/terms/registry.ts";
import { backgroundOf, backgroundSpectrum, type Drawn } from "../../reference/background.ts";
import { type Shape4, sizeOf, type Tensor, tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { DIVISION, dot, expectAdjoint, expectWithin, noise, roundings } from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";
import { ProofMemory } from "../../support/placed.ts";
import { plannedBuffers } from "../../support/planned.ts";

interface Opacity {
  readonly count: number;
  /** Of the logits; beyond 80 the sigmoid is 0 or 1 to the bit. */
  readonly range: number;
  readonly slope: number;
}

const OPACITIES: readonly Opacity[] = [
  { count: 1, range: 1, slope: 1 },
  { count: 65, range: 3, slope: 4 },
  { count: 191, range: 100, slope: 1 },
];

function opacities({ count, range, slope }: Opacity): Proof {
  const t = noise(1, count).map((value) => range * value);
  const da = noise(2, count);
  const { forward, backward } = opacityPasses(
    { count, slope },
    {
      ...{ logits: "t", alpha: "a", gradient: "da", output: "dt" },
    },
  );
  return {
    buffers: { t, a: 4 * count, da, dt: 4 * count },
    dispatches: [forward, backward],
    check(read) {
      const one = new Float64Array(count).fill(1);
      // WGSL: exp(x) errs by 3 + 2|x| ULP, which 1/(1+e^x) damps to 3 ULP of 1 at most (fourier.cases.ts).
      expectWithin("a", read.f32("a"), twin.opacity_forward(t, slope), one, roundings(4 + DIVISION + 3));
      const dt = twin.opacity_backward(da, read.f32("a"), slope);
      expectWithin("dt", read.f32("dt"), dt, one, roundings(4));
    },
  };
}

interface Blended {
  readonly shape: Shape4;
  readonly plain: boolean;
}

const BLENDED: readonly Blended[] = [
  { shape: [1, 3, 1, 1], plain: false },
  { shape: [2, 3, 5, 13], plain: false },
  { shape: [2, 3, 5, 13], plain: true },
  { shape: [3, 3, 8, 8], plain: false },
  { shape: [3, 1, 5, 13], plain: false },
  { shape: [2, 1, 8, 8], plain: true },
];

function blended({ shape, plain }: Blended): Proof {
  const [batch, channels, height, width] = shape;
  const count = batch * height * width;
  const [u, b, dy] = [1, 2, 3].map((seed) => noise(seed, sizeOf(shape))) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const a = noise(4, count).map((value) => (1 + value) / 2);
  const buffers = {
    image: "u",
    alpha: "a",
    background: "b",
    composite: "y",
    gradient: "du",
    alphaGradient: "da",
  };
  const images = { batch, size: [height, width] as const, mean: Array(channels).fill(0) };
  const { forward } = compositePasses(images, plain, buffers);
  const { backward } = compositePasses(images, plain, { ...buffers, composite: "dy" });
  return {
    buffers: { u, a, y: 4 * u.length, dy, du: 4 * u.length, da: 4 * count, b: plain ? 4 * b.length : b },
    dispatches: [forward, backward],
    check(read) {
      const behind = tensor(shape, plain ? new Float64Array(b.length) : b);
      const [image, gradient] = [tensor(shape, u), tensor(shape, dy)];
      const back = twin.composite_backward(gradient, image, a, behind);
      const one = new Float64Array(u.length).fill(1);
      expectWithin("y", read.f32("y"), twin.composite_forward(image, a, behind).data, one, roundings(4));
      expectWithin("du", read.f32("du"), back.image.data, one, roundings(1));
      expectWithin("da", read.f32("da"), back.alpha, new Float64Array(count).fill(6), roundings(5));
      expectTransposed(read.f32("y"), read.f32("du"), { image, behind, a, dy });
      expectSlope(read.f32("da"), { image, behind, a, dy });
    },
  };
}

interface Layers {
  readonly image: Tensor;
  readonly behind: Tensor;
  readonly a: Float32Array;
  readonly dy: Float32Array;
}

/** ⟨Au,dy⟩ = ⟨u,Aᵀdy⟩ of the part of y that the image makes. */
function expectTransposed(y: Float32Array, du: Float32Array, { image, behind, a, dy }: Layers): void {
  const nothing = tensor(image.shape, new Float64Array(dy.length));
  const under = twin.composite_forward(nothing, a, behind).data;
  const linear = Float64Array.from(y, (value, i) => value - under[i]!);
  expectAdjoint("composite", dot(linear, dy), dot(image.data, du), dy.length, roundings(5));
}

/** y is affine in a: a change of it moves ⟨y,dy⟩ by its product with the gradient, however large it is. */
function expectSlope(da: Float32Array, { image, behind, a, dy }: Layers): void {
  const change = noise(5, a.length);
  const moved = twin.composite_forward(
    image,
    a.map((value, i) => value + change[i]!),
    behind,
  ).data;
  const before = twin.composite_forward(image, a, behind).data;
  const gain = dot(moved, dy) - dot(before, dy);
  // In float32 the sums of opacities and changes round once more.
  expectAdjoint("opacity", gain, dot(change, da), 6 * dy.length, roundings(6));
}

const DRAWN: readonly Drawn[] = [
  { batch: 1, size: [1, 1], seed: 0, step: 0, colours: 3 },
  { batch: 2, size: [7, 9], seed: 3, step: 5, colours: 3 },
  { batch: 1, size: [8, 8], seed: 0xffff_ffff, step: 1, colours: 3 },
  { batch: 2, size: [7, 9], seed: 3, step: 5, colours: 1 },
];

const MEAN = [0.485, 0.456, 0.406].map(Math.fround);

function drawn(one: Drawn): Proof {
  const { batch, size, seed, step, colours } = one;
  const mean = MEAN.slice(0, colours);
  const memory = new Allocation();
  const dispatches = background({ batch, size, mean }, seed, { state: "state", output: "b" }, memory);
  const bytes = 4 * colours * batch * size[0] * size[1];
  return {
    buffers: {
      ...plannedBuffers(memory),
      ...{ state: Uint32Array.of(step, 0, 0, 0), b: bytes },
    },
    dispatches,
    check(read) {
      const spectrum = backgroundSpectrum(one);
      // The eight numbers reach 4 at most on either side.
      const reach = spectrum.map(() => 5 * 0.5);
      expectWithin("spectrum", read.f32("background.spectrum"), spectrum, reach, roundings(4));
      const b = backgroundOf(one, mean).data;
      // No colour is above twice its numbers (2.5) times the largest scale; mixing three of them (norms up to 1, so sums
      // up to 3) and the sigmoid (slope up to ¼) leave less than that of their roundings.
      const largest = 2 * 2.5 * Math.max(...spectrumScale(size));
      const depth = 2 * (size[0] + size[1]) + 40;
      const ones = b.map(() => 1);
      expectWithin("b", read.f32("b"), b, ones, roundings(depth) * (1 + largest));
    },
  };
}

interface Paid {
  readonly batch: number;
  readonly size: readonly [number, number];
  readonly weight: number;
  readonly images?: readonly number[];
}

const PAID: readonly Paid[] = [
  { batch: 1, size: [1, 1], weight: 1 },
  { batch: 2, size: [5, 13], weight: -0.5 },
  { batch: 3, size: [9, 8], weight: -2, images: [0, 2] },
];

/** The term `alpha`: the mean of each image's opacity, and its gradient added to what is there. */
function paid({ batch, size, weight, images }: Paid): Proof {
  const memory = new ProofMemory();
  const term = { kind: "alpha", layer: "image", weight, ...(images && { images }) } as const;
  const shape = { channels: 1, height: size[0], width: size[1] };
  const { forward, backward } = termPasses({ term, index: 1, batch, shape, mean: MEAN, memory });
  const area = size[0] * size[1];
  const [a, da] = [noise(1, batch * area).map((value) => (1 + value) / 2), noise(2, batch * area)];
  const total = { batch, firstSlot: 1, slots: 1, ring: 1 };
  return {
    buffers: {
      ...{ ...memory.buffers, a, da, partials: partialsBytes(batch, 2) },
      ...{ state: new Uint32Array(4), value: 4 * batch },
    },
    dispatches: [
      ...forward({ activation: "a", partials: "partials" }),
      reduceTotal("value", total, { finished: "partials", state: "state", totals: "value" }),
      ...backward(true, { activation: "a", gradient: "da" }),
    ],
    check(read) {
      const gain = (n: number): number => ((images?.includes(n) ?? true) ? weight : 0);
      const mean = (n: number) => a.subarray(n * area, (n + 1) * area).reduce((sum, x) => sum + x, 0) / area;
      const value = Float64Array.from({ length: batch }, (_, n) => gain(n) * mean(n));
      const depth = area + 6 + PARTIALS + DIVISION + 2;
      expectWithin("value", read.f32("value"), value, value, roundings(2 * depth));
      const gradient = Float64Array.from(da, (before, i) => before + gain(Math.floor(i / area)) / area);
      const bound = Float64Array.from(da, (before) => Math.abs(before) + Math.abs(weight) / area);
      expectWithin("da", read.f32("da"), gradient, bound, roundings(4 + DIVISION));
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(["opacity_forward", "opacity_backward"], "alpha: a sigmoid", OPACITIES, opacities),
  kernelCase(["composite_forward", "composite_backward"], "alpha: over a background", BLENDED, blended),
  kernelCase(["grain_alone"], "alpha: random backgrounds", DRAWN, drawn),
  kernelCase(
    ["seed_constant", "reduce_partials"],
    "alpha: the mean opacity, of single images too",
    PAID,
    paid,
  ),
];
