/**
 * Which pixels of a given image speak for an objective: saliency map, guided backpropagation, SmoothGrad,
 * integrated gradients and Grad-CAM. Gradients are with respect to RGB in 0–1 units.
 */

import { deepestLayer } from "../engine/plan/steps.ts";
import { type Ascent, type AscentOptions, createAscent } from "../engine/run/ascent.ts";
import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Model, Network, Size } from "../model/network.ts";
import { layerShapes } from "../model/shapes.ts";
import { layerKind } from "../nn/registry.ts";
import { parseObjective } from "../optvis/objective.ts";
import { defaultRecipe } from "../optvis/recipe.ts";
import { resizePlanes } from "../optvis/resize.ts";
import { onePhoto } from "./image.ts";
import type { AttributionReport, Result, RunContext, Tensor } from "./report.ts";
import { largestByColour, meanGradient, noisy, onPath, sampleBatch, sumByColour } from "./samples.ts";

export const attributionMethods = ["saliency", "guided", "integrated", "smoothgrad", "gradcam"] as const;
export type AttributionMethod = (typeof attributionMethods)[number];

export interface AttributionOptions {
  readonly method: AttributionMethod;
  readonly objective: string;
  /** (1,3,H,W), RGB in 0–1 units. */
  readonly image: Tensor;
  /** Layer of the Grad-CAM; if not said, `lastConvolution`. */
  readonly layer?: string | undefined;
  /** Noisy copies of SmoothGrad. */
  readonly samples?: number;
  /** Standard deviation of their noise, in RGB 0–1 units. */
  readonly sigma?: number;
  readonly seed?: number;
  /** Points on the path of integrated gradients. */
  readonly steps?: number;
}

/** What is used where an option is not given. */
export const attributionDefaults = { samples: 50, sigma: 0.15, seed: 0, steps: 50 } as const;

type Attribution = Result<AttributionReport>;

/**
 * @returns tensor `map` (1,1,H,W) at the image's size; `gradient` (1,3,H,W), what the map was made of (for
 *   integrated gradients the attribution of every colour); of Grad-CAM `cam` (1,1,h,w) at the layer's size
 * @throws InputError if the image is not (1,3,H,W) or does not fit the network
 */
export async function attribution(
  gpu: Gpu,
  model: Model,
  options: AttributionOptions,
  context: RunContext,
): Promise<Attribution> {
  switch (options.method) {
    case "saliency":
    case "guided":
      return saliency(gpu, model, options, context);
    case "smoothgrad":
      return smoothgrad(gpu, model, options, context);
    case "integrated":
      return integrated(gpu, model, options, context);
    case "gradcam":
      return gradcam(gpu, model, options, context);
  }
}

/** Simonyan et al. 2013: max over colours of |∂S/∂I|; and the same of the guided gradient (Springenberg et al. 2015). */
function saliency(gpu: Gpu, model: Model, options: AttributionOptions, context: RunContext) {
  const plan = { guided: options.method === "guided" };
  return withImage(gpu, model, options, context, { batch: 1, plan }, async (ascent, size, image) => {
    const { objective, gradient } = await ascent.gradient(image);
    const tensors = { map: mapOf(largestByColour(gradient), size), gradient: rgbOf(gradient, size) };
    return { objective: objective[0] as number, tensors };
  });
}

/** Smilkov et al. 2017: the mean gradient of noisy copies. */
function smoothgrad(gpu: Gpu, model: Model, options: AttributionOptions, context: RunContext) {
  const { samples, sigma, seed } = { ...attributionDefaults, ...options };
  const batch = sampleBatch(options.image, samples);
  return withImage(gpu, model, options, context, { batch }, async (ascent, size, image) => {
    const objective = await valueAt(ascent, image, batch);
    const at = (i: number) => noisy(image, sigma, seed + i);
    const gradient = await meanGradient(ascent, samples, at, context.onProgress);
    const tensors = { map: mapOf(largestByColour(gradient), size), gradient: rgbOf(gradient, size) };
    return { objective, tensors };
  });
}

/**
 * Sundararajan et al. 2017: (x − x′) times the mean gradient on the straight path from x′, the network's zero
 * input, to x, by the midpoint rule. Summed over the map this is nearly S(x) − S(x′); the map keeps its sign.
 */
function integrated(gpu: Gpu, model: Model, options: AttributionOptions, context: RunContext) {
  const { steps } = { ...attributionDefaults, ...options };
  const batch = sampleBatch(options.image, steps);
  return withImage(gpu, model, options, context, { batch }, async (ascent, size, image) => {
    const zero = onPath(image, model.preprocess, 0);
    const [objective, baseline] = [await valueAt(ascent, image, batch), await valueAt(ascent, zero, batch)];
    const at = (i: number) => onPath(image, model.preprocess, (i + 0.5) / steps);
    const mean = await meanGradient(ascent, steps, at, context.onProgress);
    const attributed = mean.map((g, i) => g * ((image[i] as number) - (zero[i] as number)));
    const tensors = { map: mapOf(sumByColour(attributed), size), gradient: rgbOf(attributed, size) };
    return { objective, baseline, tensors };
  });
}

/** Selvaraju et al. 2017, in full size by bilinear interpolation. */
function gradcam(gpu: Gpu, model: Model, options: AttributionOptions, context: RunContext) {
  const layer = options.layer ?? lastConvolution(model.network, options.objective);
  const setting = { batch: 1, plan: { cam: layer } };
  return withImage(gpu, model, options, context, setting, async (ascent, size, image) => {
    const { objective } = await ascent.gradient(image);
    const cam = await ascent.readCam();
    const shape = layerShapes(model.network, size, { upTo: layer }).get(layer);
    const small = [shape?.height ?? 1, shape?.width ?? 1] as const;
    const map = mapOf(resizePlanes(cam, small, size), size);
    return { objective: objective[0] as number, layer, tensors: { map, cam: mapOf(cam, small) } };
  });
}

/** What a method finds out, before it is reported. */
type Finding = Pick<AttributionReport, "objective" | "baseline" | "layer"> & Pick<Attribution, "tensors">;

/** Builds the ascent, lets `use` work with it, and takes it down again. */
async function withImage(
  gpu: Gpu,
  model: Model,
  options: AttributionOptions,
  context: RunContext,
  { batch, plan }: { readonly batch: number; readonly plan?: AscentOptions["plan"] },
  use: (ascent: Ascent, size: Size, image: Float32Array) => Promise<Finding>,
): Promise<Attribution> {
  const size = onePhoto(options.image);
  const recipe = { ...defaultRecipe, objective: options.objective, size, batch, redirect: false };
  const ascent = await createAscent(gpu, model, recipe, { first: "gradient", ...(plan && { plan }) });
  try {
    const { tensors, ...found } = await use(ascent, size, options.image.data);
    const { runtime } = context;
    const run = { runtime, adapter: gpu.adapterName, method: options.method, kernels: ascent.kernels };
    return { report: { ...run, ...found }, tensors };
  } finally {
    ascent.dispose();
  }
}

/** The objective at one image, which takes all places of the batch. */
async function valueAt(ascent: Ascent, image: Float32Array, batch: number): Promise<number> {
  const images = new Float32Array(batch * image.length);
  for (let n = 0; n < batch; n++) images.set(image, n * image.length);
  const { objective } = await ascent.gradient(images);
  return objective[0] as number;
}

/** The ReLU of the last convolution up to the objective's deepest layer, or that convolution where it ends there. */
function lastConvolution(network: Network, spec: string): string {
  const depth = deepestLayer(network, parseObjective(spec, network));
  const layers = network.layers.slice(0, network.layers.findIndex(({ name }) => name === depth) + 1);
  const at = layers.findLastIndex((layer) => layerKind(layer).weights === "shared");
  const after = layers[at + 1];
  const layer = after && layerKind(after).reads === "unit" ? after : layers[at];
  if (layer === undefined) throw new InputError(`${network.name} has no convolution before ${depth}`);
  return layer.name;
}

function mapOf(data: ArrayLike<number>, size: Size): Tensor {
  return { shape: [1, 1, ...size], data: Float32Array.from(data) };
}

function rgbOf(data: ArrayLike<number>, size: Size): Tensor {
  return { shape: [1, 3, ...size], data: Float32Array.from(data) };
}
