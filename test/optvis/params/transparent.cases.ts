/** Ascents with an alpha channel, held to float64 over whole steps. */

import { IMAGE } from "../../../src/engine/plan/buffer-names.ts";
import { createAscent } from "../../../src/engine/run/ascent.ts";
import { startValues } from "../../../src/engine/run/start.ts";
import { openModel } from "../../../src/model/model.ts";
import { preprocessing } from "../../../src/model/preprocess.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { parseObjective } from "../../../src/optvis/objective.ts";
import { colourMatrix } from "../../../src/optvis/params/colour.ts";
import { spectrumScale } from "../../../src/optvis/params/fourier.ts";
import { defaultRecipe, type ParamKind, type Recipe } from "../../../src/optvis/recipe.ts";
import { backgroundOf } from "../../reference/background.ts";
import { objectiveGradient, referenceWeights } from "../../reference/network.ts";
import { jitterShift } from "../../reference/random.ts";
import { type Shape4, sizeOf, type Tensor, tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { Assets, GpuCase } from "../../stacks/case.ts";
import { noise } from "../../support/compare.ts";
import { relativeL2 } from "../../support/error.ts";
import { gpuOf } from "../../support/gpu.ts";

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
    const b = backgroundOf({ batch: 1, size, seed, step, colours: 3 }, mean);
    const { objective, du, da } = seen(now, b, jitterShift(seed, step, SHIFT));
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

/** A photograph with an alpha channel begins as transparent as it is, between 1/1024 and 1 − 1/1024. */
async function beginsTransparent(device: GPUDevice, assets: Assets): Promise<void> {
  const model = await openModel(bytesSource(EMBEDDED, await assets.read(EMBEDDED)));
  const photo = noise(3, 4 * 10 * 9).map((value) => 0.5 + 0.4 * value);
  photo.set([0, 1], 3 * 90);
  for (const param of ["pixel", "fourier", "laplacian"] as const) {
    const recipe = { ...RECIPE, param, init: "photo" as const, batch: 2 };
    const ascent = await createAscent(gpuOf(device), model, recipe, { photo });
    const [image, alpha] = [await ascent.readImage(), (await ascent.readAlpha())!];
    ascent.dispose();
    for (let n = 0; n < 2; n++) {
      if (!(relativeL2(image.slice(270 * n, 270 * (n + 1)), photo.slice(0, 270)) < 1e-4))
        throw new Error(`${param}: the colours came back changed`);
      for (let i = 0; i < 90; i++) {
        const expected = Math.min(1 - 1 / 1024, Math.max(1 / 1024, photo[270 + i]!));
        if (!(Math.abs(alpha[90 * n + i]! - expected) < 1e-5))
          throw new Error(`${param}: opacity ${alpha[90 * n + i]}, expected ${expected}`);
      }
    }
  }
  const opaque = { ...RECIPE, objective: "channel:conv2_1:3", alpha: false, init: "photo" as const };
  const refused = await createAscent(gpuOf(device), model, opaque, { photo }).catch(String);
  if (!/has an alpha channel, and the recipe has none/.test(String(refused)))
    throw new Error(String(refused));
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
  ...(["pixel", "fourier", "laplacian"] as const).map(
    (param): GpuCase => ({
      name: `alpha: an ascent of ${param} parameters in float64`,
      needs: [EMBEDDED],
      run: (device, assets) => ascends(device, assets, param),
    }),
  ),
  { name: "alpha: a photograph begins opaque", needs: [EMBEDDED], run: beginsOpaque },
  { name: "alpha: a transparent photograph begins transparent", needs: [EMBEDDED], run: beginsTransparent },
  { name: "alpha: begun at half the size", needs: [EMBEDDED], run: beginsCoarse },
];
