/**
 * The shipped network end to end, which needs no file from elsewhere: its gradient against the float64 twin by the
 * median (rounding may flip a decision near a tie), and against finite differences of the engine's own objective.
 */
import { createAscent } from "../../../src/engine/run/ascent.ts";
import { openModel } from "../../../src/model/model.ts";
import type { Model } from "../../../src/model/network.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { parseObjective } from "../../../src/optvis/objective.ts";
import { defaultRecipe } from "../../../src/optvis/recipe.ts";
import { noiseImage } from "../../fixtures/hashing.ts";
import { deepestLayer, objectiveGradient, referenceWeights } from "../../reference/network.ts";
import { subtractMean } from "../../reference/preprocess.ts";
import { tensor } from "../../reference/tensor.ts";
import type { Assets, GpuCase } from "../../stacks/case.ts";
import { dot } from "../../support/compare.ts";
import { medianOverRms } from "../../support/error.ts";
import { gpuOf } from "../../support/gpu.ts";

const FILE = "weights/ascent-vgg.safetensors";
const OBJECTIVE = "class:3 - 0.5*class:40";
const SIZE = [33, 41] as const;
/** Median of |error| over the root mean square of the gradient. */
const TOLERANCE = 1e-5;
/**
 * Step along the gradient, in rms of a pixel's change: small enough that few of the ReLUs it crosses matter, large
 * enough that the objective's float32 rounding does not.
 */
const STEP = 2e-4;
/** What crossing kinks may change a slope by, relatively; a gradient wrong by a layer or a factor is far off. */
const SLOPE_TOLERANCE = 0.02;

async function compare(device: GPUDevice, assets: Assets): Promise<void> {
  const model = await openModel(bytesSource(FILE, await assets.read(FILE)));
  const recipe = { ...defaultRecipe, objective: OBJECTIVE, size: SIZE };
  const ascent = await createAscent(gpuOf(device), model, recipe);
  const image = noiseImage(5, [1, 3, ...SIZE]);
  const { gradient } = await ascent.gradient(image);
  const off = medianOverRms(gradient, await referenceGradient(model, image));
  if (!(off < TOLERANCE)) throw new Error(`median error over rms is ${off}`);
  const scale = STEP / Math.sqrt(dot(gradient, gradient) / gradient.length);
  const values: number[] = [];
  for (const sign of [1, -1]) {
    const moved = image.map((x, i) => x + sign * scale * (gradient[i] as number));
    values.push((await ascent.gradient(moved)).objective[0] as number);
  }
  ascent.dispose();
  const [ahead, behind] = values as [number, number];
  const slope = (ahead - behind) / (2 * scale * dot(gradient, gradient));
  if (!(Math.abs(slope - 1) < SLOPE_TOLERANCE))
    throw new Error(`finite differences find ${slope} of the slope`);
}

async function referenceGradient(model: Model, image: Float32Array): Promise<Float64Array> {
  const { terms } = parseObjective(OBJECTIVE, model.network);
  const weights = await referenceWeights(model, deepestLayer(model.network, terms));
  const u = subtractMean(tensor([1, 3, ...SIZE], image), model.preprocess);
  return objectiveGradient(model, weights, terms, u).gradient.data;
}

export const cases: readonly GpuCase[] = [
  { name: `gradient of ${OBJECTIVE} of the embedded network`, run: compare },
];
