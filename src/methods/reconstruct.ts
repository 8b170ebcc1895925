/** `invert` and `caricature`: images whose activations are, or exaggerate, those of a photograph. */

import { createAscent } from "../engine/run/ascent.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Model } from "../model/network.ts";
import { findLayer, layerChannels } from "../model/shapes.ts";
import { defaultRecipe, type Recipe } from "../optvis/recipe.ts";
import { channelSettings } from "../optvis/recipes.ts";
import { withoutPixelRegularizers } from "../optvis/regularizers.ts";
import { onePhoto } from "./image.ts";
import { timedRun } from "./render.ts";
import type { Result, RunContext, RunReport, Tensor } from "./report.ts";

export interface ReconstructOptions {
  readonly method: "invert" | "caricature";
  readonly layer: string;
  /** (1,3,H,W), RGB in 0–1 units. */
  readonly image: Tensor;
  readonly iterations?: number;
  /** Step size in RGB 0–1 units. */
  readonly lr?: number;
  /** Weight of total variation against an objective that is 1 or so. */
  readonly tv?: number;
  /** Circular shift in pixels, of `caricature`; an inversion holds every pixel in its place. */
  readonly jitter?: number;
  /** P of dot × cosᵖ, of `caricature`. */
  readonly power?: number;
  /** What is optimised; of `fourier` and `laplacian` the rate is in their own units. */
  readonly param?: ReconstructParam;
  readonly seed?: number;
}

export const reconstructParams = ["pixel", "fourier", "laplacian"] as const;
export type ReconstructParam = (typeof reconstructParams)[number];

/** The tuned settings of channels, in which the image stays in its place, as it is compared place by place. */
const PLACED = { ...channelSettings, transforms: "none" } as const;

/** What is used where an option is not given. */
export const reconstructDefaults = {
  invert: { iterations: 256, lr: 0.05, tv: 1e-5, jitter: 0, power: 0, param: "pixel", seed: 0 },
  caricature: {
    iterations: 128,
    lr: channelSettings.lr,
    tv: 0,
    jitter: 4,
    power: 1,
    param: "pixel",
    seed: 0,
  },
} as const;

/**
 * From noise, RGB kept in 0–1; an inversion by Adam, a caricature by the tuned settings of channels, and both by Adam
 * in other parameters than pixels. The objective is measured in the mean square of the photograph's activation
 * (Mahendran and Vedaldi 2015), so that weights mean the same on every layer.
 * @returns tensor `image` (1,3,H,W)
 */
export async function reconstruct(
  gpu: Gpu,
  model: Model,
  options: ReconstructOptions,
  context: RunContext,
): Promise<Result<RunReport>> {
  const { method, layer } = options;
  const { iterations, lr, tv, jitter, power, param, seed } = { ...reconstructDefaults[method], ...options };
  const size = onePhoto(options.image);
  const photo = options.image.data;
  const name = findLayer(model.network, layer).name;
  const square = await meanSquare(gpu, model, name, options.image);
  // A caricature adds the channels up, an inversion takes their mean.
  const unit = method === "caricature" ? square * layerChannels(model.network, name) : square;
  const score =
    method === "invert" ? `invert:${name}` : `caricature:${name}${power === 0 ? "" : `^${power}`}`;
  const penalty = tv === 0 ? "" : ` - ${tv}*tv`;
  const recipe: Recipe = {
    ...defaultRecipe,
    ...(method === "invert" ? { optimizer: "adam" as const } : PLACED),
    ...(param === "pixel" ? {} : { ...withoutPixelRegularizers, optimizer: "adam" as const }),
    param,
    objective: `${unit > 0 ? 1 / unit : 1}*${score}${penalty}`,
    size,
    init: "noise",
    lr,
    jitter,
    clamp: true,
    seed,
    iterations,
  };
  const ascent = await createAscent(gpu, model, recipe, { target: photo });
  try {
    const report = await timedRun(gpu, model, ascent, { recipe }, context);
    return { report, tensors: { image: { shape: options.image.shape, data: await ascent.readImage() } } };
  } finally {
    ascent.dispose();
  }
}

/** Mean square of a layer's activation. */
async function meanSquare(gpu: Gpu, model: Model, layer: string, image: Tensor): Promise<number> {
  const recipe = { ...defaultRecipe, objective: `layer:${layer}`, size: onePhoto(image), redirect: false };
  const ascent = await createAscent(gpu, model, recipe, { first: "gradient" });
  try {
    const { objective } = await ascent.gradient(image.data);
    return objective[0] as number;
  } finally {
    ascent.dispose();
  }
}
