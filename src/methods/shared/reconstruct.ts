/** Images whose activations are, or exaggerate, those of a photograph: what `invert` and `caricature` share. */

import { createAscent } from "../../engine/run/ascent.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { Model } from "../../model/network.ts";
import { joinTerms } from "../../optvis/algebra.ts";
import { choice, type NumberRow, number } from "../../optvis/field.ts";
import { defaultRecipe, type Recipe } from "../../optvis/recipe.ts";
import { withoutPixelRegularizers } from "../../optvis/regularizers.ts";
import { layerSpec } from "../../optvis/terms/layer.ts";
import type { Result, RunContext, Tensor } from "../report.ts";
import { onePhoto } from "./image.ts";
import { imageAlone } from "./picture.ts";
import { type RunReport, runText, timedRun } from "./timed-run.ts";

/** What is optimised; of `fourier` and `laplacian` the rate is in their own units. */
export const paramRow = choice({
  label: "Parameters",
  help: "what is optimised, by Adam unless it is pixels",
  default: "pixel",
  choices: { pixel: "Pixels", fourier: "Fourier", laplacian: "Laplacian" },
});
type Param = keyof typeof paramRow.choices;

/** Of total variation. */
export function variationRow(value: number): NumberRow {
  const help = "weight of total variation, against an objective of about 1";
  return number({ label: "Total variation", help, default: value, least: 0, most: 1e9, whole: false });
}

/** What the two methods have in common. */
export const reconstruction = {
  input: "photograph",
  subject: "layer",
  quick: { iterations: 96 },
  makes: { image: { shape: "[1,3,H,W]", unit: "RGB 0–1" } },
  picture: { draw: imageAlone },
  summary: runText,
} as const;

/** The ascent that makes the image. */
export interface Reconstruction extends Pick<Recipe, "iterations" | "lr" | "jitter" | "seed"> {
  readonly param: Param;
  /** What is ascended, without its scale and the penalty. */
  readonly term: string;
  readonly scale: number;
  /** Weight of the penalty on total variation. */
  readonly tv: number;
  /** Of pixels; other parameters are optimised by Adam. */
  readonly ascent: Partial<Recipe>;
}

/** From noise, RGB kept in 0–1. */
export async function reconstruct(
  gpu: Gpu,
  model: Model,
  image: Tensor,
  { param, term, scale, tv, ascent: settings, ...steps }: Reconstruction,
  context?: RunContext,
): Promise<Result<RunReport, { readonly image: Tensor }>> {
  const terms = [
    { weight: scale, text: term },
    { weight: -tv, text: "tv" },
  ];
  const recipe: Recipe = {
    ...defaultRecipe,
    ...settings,
    ...(param === "pixel" ? {} : { ...withoutPixelRegularizers, optimizer: "adam" as const }),
    ...steps,
    param,
    objective: joinTerms(terms.filter(({ weight }) => weight !== 0)),
    size: onePhoto(image),
    init: "noise",
    clamp: true,
  };
  const ascent = await createAscent(gpu, model, recipe, { target: image.data });
  try {
    const report = await timedRun(gpu, model, ascent, { recipe }, context);
    return { report, tensors: { image: { shape: image.shape, data: await ascent.readImage() } } };
  } finally {
    ascent.dispose();
  }
}

/**
 * Mean square of a layer's activation of a photograph. Objectives are measured in it (Mahendran and Vedaldi 2015), so
 * that weights mean the same on every layer.
 */
export async function meanSquare(gpu: Gpu, model: Model, layer: string, image: Tensor): Promise<number> {
  const recipe = { ...defaultRecipe, objective: layerSpec(layer), size: onePhoto(image), redirect: false };
  const ascent = await createAscent(gpu, model, recipe, { first: "gradient" });
  try {
    const { objective } = await ascent.gradient(image.data);
    return objective[0] as number;
  } finally {
    ascent.dispose();
  }
}
