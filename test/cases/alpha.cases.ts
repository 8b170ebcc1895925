/** The alpha channel: opacity, composites, backgrounds and the term, and a whole step of an ascent in float64. */
import { createAscent } from "../../src/engine/ascent.ts";
import { IMAGE } from "../../src/engine/image.ts";
import { Allocation } from "../../src/engine/memory.ts";
import { startValues } from "../../src/engine/start.ts";
import { openModel } from "../../src/model/model.ts";
import { preprocessing } from "../../src/model/preprocess.ts";
import { bytesSource } from "../../src/model/source.ts";
import { parseObjective } from "../../src/optvis/objective.ts";
import { compositePasses, opacityPasses } from "../../src/optvis/params/alpha.ts";
import { background } from "../../src/optvis/params/background.ts";
import { colourMatrix } from "../../src/optvis/params/colour.ts";
import { spectrumLength, spectrumScale } from "../../src/optvis/params/fourier.ts";
import { defaultRecipe, type ParamKind, type Recipe } from "../../src/optvis/recipe.ts";
import { PARTIALS, partialsBytes, reduceTotal } from "../../src/optvis/reduce.ts";
import { penaltyPasses } from "../../src/optvis/terms/penalty.ts";
import { objectiveGradient, referenceWeights } from "../reference/network.ts";
import { jitterShift } from "../reference/random.ts";
import { type Shape4, sizeOf, type Tensor, tensor } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import type { Assets, GpuCase } from "../stacks/case.ts";
import { DIVISION, dot, expectAdjoint, expectWithin, noise, roundings } from "./compare.ts";
import { relativeL2 } from "./error.ts";
import { kernelCase, type Proof } from "./execute.ts";
import { gpuOf } from "./gpu.ts";
import { ProofMemory } from "./placed.ts";

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
];

function blended({ shape, plain }: Blended): Proof {
  const [batch, , height, width] = shape;
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
  const images = { batch, size: [height, width] as const };
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

interface Drawn {
  readonly batch: number;
  readonly size: readonly [number, number];
  readonly seed: number;
  readonly step: number;
}

const DRAWN: readonly Drawn[] = [
  { batch: 1, size: [1, 1], seed: 0, step: 0 },
  { batch: 2, size: [7, 9], seed: 3, step: 5 },
  { batch: 1, size: [8, 8], seed: 0xffff_ffff, step: 1 },
];

const MEAN = [0.485, 0.456, 0.406].map(Math.fround);

/** What `background` draws, in float64. */
function backgroundOf({ batch, size, seed, step }: Drawn, mean: readonly number[]): Tensor {
  const [height, width] = size;
  const shape = { planes: 3 * batch, height, width };
  const spectrum = twin.grain_alone(batch * spectrumLength(3, size), 0.5, [seed, step, 0]);
  const half = twin.fourier_columns_forward(spectrum, spectrumScale(size), shape);
  const colours = tensor([batch, 3, height, width], twin.fourier_rows_forward(half, shape));
  return twin.colour_forward(colours, colourMatrix, mean);
}

function drawn(one: Drawn): Proof {
  const { batch, size, seed, step } = one;
  const memory = new Allocation();
  const dispatches = background({ batch, size, mean: MEAN }, seed, { state: "state", output: "b" }, memory);
  const bytes = 4 * 3 * batch * size[0] * size[1];
  return {
    buffers: {
      ...Object.fromEntries(memory.buffers().map(({ name, bytes: all }) => [name, all])),
      ...Object.fromEntries(memory.tables().map(({ buffer, data }) => [buffer, data])),
      ...{ state: Uint32Array.of(step, 0, 0, 0), b: bytes },
    },
    dispatches,
    check(read) {
      const count = batch * spectrumLength(3, size);
      const spectrum = twin.grain_alone(count, 0.5, [seed, step, 0]);
      // The eight numbers reach 4 at most on either side.
      const reach = new Float64Array(count).fill(5 * 0.5);
      expectWithin("spectrum", read.f32("background.spectrum"), spectrum, reach, roundings(4));
      const b = backgroundOf(one, MEAN).data;
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
  const { forward, backward } = penaltyPasses(
    { term, index: 1, batch, size, mean: MEAN, memory },
    { ...{ image: "u", gradient: "du", partials: "partials" }, ...{ alpha: "a", alphaGradient: "da" } },
  );
  const area = size[0] * size[1];
  const [a, da] = [noise(1, batch * area).map((value) => (1 + value) / 2), noise(2, batch * area)];
  const total = { batch, firstSlot: 1, slots: 1, ring: 1 };
  return {
    buffers: {
      ...{ ...memory.buffers, a, da, partials: partialsBytes(batch, 2) },
      ...{ state: new Uint32Array(4), value: 4 * batch },
    },
    dispatches: [
      ...forward,
      reduceTotal("value", total, { finished: "partials", state: "state", totals: "value" }),
      ...backward,
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

const EMBEDDED = "weights/ascent-vgg.safetensors";
const PAYS = 0.5;
const SHIFT = 2;
const STEPS = 3;

/** Plain steps, long enough to be seen in float32, through a circular jitter. */
const RECIPE: Recipe = {
  ...defaultRecipe,
  ...{ objective: `channel:conv2_1:3 - ${PAYS}*alpha`, size: [10, 9], alpha: true, init: "noise", seed: 4 },
  ...{ optimizer: "sgd", lr: 5, jitter: SHIFT, redirect: false, iterations: STEPS },
};

/** Numbers optimised to planes before the colours' sigmoid, and back. */
interface Basis {
  forward(values: Float64Array): Float64Array;
  backward(gradient: Float64Array): Float64Array;
}

function basisOf(param: ParamKind, planes: number, [height, width]: Recipe["size"]): Basis {
  if (param === "pixel") return { forward: (values) => values, backward: (gradient) => gradient };
  if (param === "laplacian") {
    const shape = { batch: 1, planes, height, width, levels: 4 };
    return {
      forward: (values) => twin.pyramid_forward(values, shape),
      backward: (gradient) => twin.pyramid_backward(gradient, shape),
    };
  }
  const [shape, scale] = [{ planes, height, width }, spectrumScale([height, width])];
  return {
    forward: (values) => twin.fourier_rows_forward(twin.fourier_columns_forward(values, scale, shape), shape),
    backward: (gradient) =>
      twin.fourier_columns_backward(twin.fourier_rows_backward(gradient, shape), scale, shape),
  };
}

/** The same ascent in float64, every pass of it a twin. */
async function reference(model: Awaited<ReturnType<typeof openModel>>, recipe: Recipe) {
  const { param, size, seed, lr } = recipe;
  const { mean } = preprocessing(model.preprocess);
  const shape: Shape4 = [1, 3, ...size];
  const terms = parseObjective(recipe.objective, model.network).terms.filter(({ kind }) => kind !== "alpha");
  const weights = await referenceWeights(model, "conv2_1");
  const slope = param === "pixel" ? 4 : 1;
  const [colours, plane] = [basisOf(param, 3, size), basisOf(param, 1, size)];
  const start = startValues(recipe, preprocessing(model.preprocess));
  const [values, logits] = [start.values, start.alpha!].map((some) => Float64Array.from(some)) as [
    Float64Array,
    Float64Array,
  ];
  const made = () => {
    const raw = tensor(shape, colours.forward(values));
    const u = param === "pixel" ? raw : twin.colour_forward(raw, colourMatrix, mean);
    return { u, a: twin.opacity_forward(plane.forward(logits), slope) };
  };
  const seen = ({ u, a }: ReturnType<typeof made>, b: Tensor, [dy, dx]: readonly [number, number]) => {
    const moved = twin.jitter_forward(twin.composite_forward(u, a, b), dy, dx);
    const { objective, gradient } = objectiveGradient(model, weights, terms, moved);
    const back = twin.composite_backward(twin.jitter_backward(gradient, dy, dx), u, a, b);
    const opacity = a.reduce((sum, value) => sum + value, 0) / a.length;
    const da = back.alpha.map((value) => value - PAYS / a.length);
    return { objective: objective[0]! - PAYS * opacity, du: back.image, da };
  };
  const still = seen(made(), tensor(shape, new Float64Array(sizeOf(shape))), [0, 0]);
  const objectives: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const now = made();
    const b = backgroundOf({ batch: 1, size, seed, step }, mean);
    const { objective, du, da } = seen(now, b, jitterShift(seed, step, 0, SHIFT));
    objectives.push(objective);
    const dx = param === "pixel" ? du : twin.colour_backward(du, now.u, colourMatrix, mean);
    for (const [i, g] of colours.backward(dx.data).entries()) values[i]! += lr * g;
    for (const [i, g] of plane.backward(twin.opacity_backward(da, now.a, slope)).entries())
      logits[i]! += lr * g;
  }
  return { still, objectives, values, alpha: made().a };
}

async function ascends(device: GPUDevice, assets: Assets, param: ParamKind): Promise<void> {
  const model = await openModel(bytesSource(EMBEDDED, await assets.read(EMBEDDED)));
  const recipe = { ...RECIPE, param };
  const expected = await reference(model, recipe);
  const ascent = await createAscent(gpuOf(device), model, recipe);
  const near = (what: string, got: ArrayLike<number>, wanted: ArrayLike<number>, tolerance = 1e-4) => {
    const error = relativeL2(got, wanted);
    if (!(error < tolerance)) throw new Error(`${param}: ${what} is ${error} off (relative L2)`);
  };
  const { objective, gradient } = await ascent.gradient();
  near("objective over the mean colour", objective, [expected.still.objective]);
  near("gradient over the mean colour", gradient, expected.still.du.data);
  const before = (await ascent.readAlpha())!;
  const objectives: number[] = [];
  for (let step = 0; step < STEPS; step++) objectives.push(...(await ascent.step()));
  near("objective", objectives, expected.objectives);
  near("values", await ascent.readValues(), expected.values);
  const after = (await ascent.readAlpha())!;
  const change = (to: ArrayLike<number>) => Float64Array.from(before, (value, i) => to[i]! - value);
  near("change of opacity", change(after), change(expected.alpha), 1e-3);
  if (!(Math.max(...change(after).map(Math.abs)) > 1e-3))
    throw new Error(`${param}: the opacity did not move`);
  ascent.dispose();
}

/** A photograph begins opaque, and comes back as it was, whatever the start's size and parameterization. */
async function beginsOpaque(device: GPUDevice, assets: Assets): Promise<void> {
  const model = await openModel(bytesSource(EMBEDDED, await assets.read(EMBEDDED)));
  const photo = noise(3, 3 * 10 * 9).map((value) => 0.5 + 0.4 * value);
  for (const param of ["pixel", "fourier", "laplacian"] as const) {
    const recipe = { ...RECIPE, param, init: "photo" as const };
    const ascent = await createAscent(gpuOf(device), model, recipe, { photo });
    const [image, alpha] = [await ascent.readImage(), (await ascent.readAlpha())!];
    if (!(relativeL2(image, photo) < 1e-4)) throw new Error(`${param}: the photograph came back changed`);
    const off = Math.max(...alpha.map((value) => Math.abs(value - (1 - 1 / 1024))));
    if (!(off < 1e-5)) throw new Error(`${param}: its opacity is ${off} off 1 − 1/1024`);
    ascent.dispose();
  }
}

/** Begun at half the size, the opacity is enlarged with the image. */
async function beginsCoarse(device: GPUDevice, assets: Assets): Promise<void> {
  const model = await openModel(bytesSource(EMBEDDED, await assets.read(EMBEDDED)));
  const recipe = {
    ...RECIPE,
    size: [12, 10] as const,
    optimizer: "rms" as const,
    lr: 0.1,
    coarse: 2,
    blur: 0.5,
  };
  const ascent = await createAscent(gpuOf(device), model, recipe);
  for (let step = 0; step < 2; step++) await ascent.step();
  const enlarged = (await ascent.readAlpha())!;
  await ascent.step();
  const [least, most] = [Math.min(...enlarged), Math.max(...enlarged)];
  if (!(least > 0 && most < 1 && most - least > 0.05)) throw new Error(`opacity from ${least} to ${most}`);
  const moved = relativeL2((await ascent.readAlpha())!, enlarged);
  if (!(moved > 0 && moved < 0.3)) throw new Error(`the first whole step moved the opacity by ${moved}`);
  const { plan } = ascent;
  if (!plan.buffers.some(({ name }) => name === `${IMAGE}.coarse.alpha`))
    throw new Error("no coarse opacity");
  ascent.dispose();
}

export const cases: readonly GpuCase[] = [
  kernelCase(["opacity_forward", "opacity_backward"], "alpha: a sigmoid", OPACITIES, opacities),
  kernelCase(["composite_forward", "composite_backward"], "alpha: over a background", BLENDED, blended),
  kernelCase(["grain_alone"], "alpha: random backgrounds", DRAWN, drawn),
  kernelCase(["seed_constant", "reduce_sum"], "alpha: the mean opacity, of single images too", PAID, paid),
  ...(["pixel", "fourier", "laplacian"] as const).map(
    (param): GpuCase => ({
      name: `alpha: an ascent of ${param} parameters in float64`,
      needs: [EMBEDDED],
      run: (device, assets) => ascends(device, assets, param),
    }),
  ),
  { name: "alpha: a photograph begins opaque", needs: [EMBEDDED], run: beginsOpaque },
  { name: "alpha: begun at half the size", needs: [EMBEDDED], run: beginsCoarse },
];
