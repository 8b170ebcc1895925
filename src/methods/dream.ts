/**
 * `dream`: what a layer sees in a photograph is made more of, coarse to fine (google/deepdream, 2015). An octave is
 * one ascent by the recipe `deepdream`.
 */

import { deepestLayer } from "../engine/plan/steps.ts";
import { createAscent } from "../engine/run/ascent.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Model, Size } from "../model/network.ts";
import { layerShapes } from "../model/shapes.ts";
import { namedRecipes } from "../optvis/named-recipes.ts";
import { parseObjective, placeObjective } from "../optvis/objective.ts";
import { defaultRecipe } from "../optvis/recipe.ts";
import { resizePlanes } from "../optvis/resize.ts";
import { onePhoto } from "./image.ts";
import type { DreamReport, Result, RunContext, Tensor } from "./report.ts";

export interface DreamOptions {
  readonly objective: string;
  /** (1,3,H,W), RGB in 0–1 units. */
  readonly image: Tensor;
  readonly octaves?: number;
  /** From the size of one octave to the next. */
  readonly scale?: number;
  /** Steps of each octave. */
  readonly iterations?: number;
  /** Step over the mean |gradient|, in RGB 0–1 units. */
  readonly lr?: number;
  /** Largest circular shift in pixels. */
  readonly jitter?: number;
  readonly seed?: number;
}

const { iterations, lr, jitter } = namedRecipes.deepdream;

/** google/deepdream's numbers. */
export const dreamDefaults = { octaves: 4, scale: 1.4, iterations, lr, jitter, seed: 0 } as const;

/** What the steps of all octaves have in common. */
type Steps = Pick<Required<DreamOptions>, "objective" | "iterations" | "lr" | "jitter">;

/**
 * Every octave adds its detail to the photograph at its size, beginning with the detail of the one before, by
 * x ← clamp(x + lr·g/mean|g|, 0, 1) on a shifted image. Octaves too small for the network or the objective are left
 * out; octave i of the others draws its shifts by seed + i.
 * @returns tensor `image` (1,3,H,W)
 */
export async function dream(
  gpu: Gpu,
  model: Model,
  options: DreamOptions,
  context: RunContext,
): Promise<Result<DreamReport>> {
  const settings = { ...dreamDefaults, ...options };
  const full = onePhoto(options.image);
  const sizes = octaveSizes(model, full, settings);
  let photo: Float32Array = options.image.data;
  // The photograph at every size, each made of the next larger one.
  const bases = sizes.toReversed().map((size, i, all) => {
    photo = i === 0 ? photo : resizePlanes(photo, all[i - 1] as Size, size, "corners");
    return photo;
  });
  let detail = new Float32Array(bases.at(-1)?.length ?? 0);
  let objective = Number.NaN;
  let kernels: readonly string[] = [];
  for (const [i, size] of sizes.entries()) {
    const base = bases[sizes.length - 1 - i] as Float32Array;
    if (i > 0) detail = resizePlanes(detail, sizes[i - 1] as Size, size, "corners");
    const start = base.map((x, j) => x + (detail[j] as number));
    const done = (step: number) => context.onProgress?.(i * settings.iterations + step);
    const seed = (settings.seed + i) >>> 0;
    const octave = await climb(gpu, model, settings, { size, start, seed, done });
    detail = octave.image.map((x, j) => x - (base[j] as number));
    ({ objective, kernels } = octave);
    photo = octave.image;
  }
  const report = { runtime: context.runtime, adapter: gpu.adapterName, octaves: sizes, objective, kernels };
  return { report, tensors: { image: { shape: options.image.shape, data: photo } } };
}

/** Sizes from the smallest to the photograph's own. */
function octaveSizes(
  { network }: Model,
  full: Size,
  {
    octaves,
    scale,
    objective,
  }: { readonly octaves: number; readonly scale: number; readonly objective: string },
): Size[] {
  const sought = parseObjective(objective, network);
  const upTo = deepestLayer(network, sought);
  const fits = (size: Size): boolean => {
    try {
      placeObjective(sought, layerShapes(network, size, { upTo }));
      return true;
    } catch {
      return false;
    }
  };
  const sizes: Size[] = [full];
  while (sizes.length < octaves) {
    const [height, width] = sizes[0] as Size;
    const smaller = [Math.round(height / scale), Math.round(width / scale)] as const;
    if (smaller[0] === height || !fits(smaller)) break;
    sizes.unshift(smaller);
  }
  return sizes;
}

interface Octave {
  readonly size: Size;
  readonly start: Float32Array;
  readonly seed: number;
  readonly done: (step: number) => void;
}

/** The steps of one octave, all on the GPU; the image is read back after the last. */
async function climb(
  gpu: Gpu,
  model: Model,
  { objective: spec, iterations, lr, jitter }: Steps,
  { size, start, seed, done }: Octave,
) {
  const steps = { iterations, lr, jitter, seed };
  const recipe = { ...defaultRecipe, ...namedRecipes.deepdream, ...steps, objective: spec, size };
  const ascent = await createAscent(gpu, model, recipe, { photo: start });
  try {
    for await (const { iteration } of ascent.run({ iterations })) done(iteration);
    const image = await ascent.readImage();
    const { objective } = await ascent.gradient();
    return { image, objective: objective[0] as number, kernels: ascent.kernels };
  } finally {
    ascent.dispose();
  }
}
