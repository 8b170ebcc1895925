/** `dream`: what a layer sees in a photograph is made more of, coarse to fine (google/deepdream, 2015). */

import { createAscent } from "../engine/ascent.ts";
import { uniforms } from "../engine/start.ts";
import { deepestLayer } from "../engine/steps.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Model } from "../model/network.ts";
import { layerShapes } from "../model/shapes.ts";
import { parseObjective } from "../optvis/objective.ts";
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

/** google/deepdream's numbers; its step of 1.5 is one of 255 levels. */
export const dreamDefaults = {
  octaves: 4,
  scale: 1.4,
  iterations: 10,
  lr: 1.5 / 255,
  jitter: 32,
  seed: 0,
} as const;

type Size = readonly [height: number, width: number];

/**
 * Every octave adds its detail to the photograph at its size, beginning with the detail of the one before, by
 * x ← clamp(x + lr·g/mean|g|, 0, 1) on a shifted image. Octaves too small for the network are left out.
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
  const shift = shifts(settings.jitter, settings.seed);
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
    const octave = await climb(gpu, model, settings, { size, start, shift, done });
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
  const upTo = deepestLayer(network, parseObjective(objective, network));
  const fits = (size: Size): boolean => {
    try {
      layerShapes(network, size, { upTo });
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
  readonly shift: () => number;
  readonly done: (step: number) => void;
}

/** The steps of one octave. */
async function climb(
  gpu: Gpu,
  model: Model,
  {
    objective: spec,
    iterations,
    lr,
  }: { readonly objective: string; readonly iterations: number; readonly lr: number },
  { size, start, shift, done }: Octave,
) {
  const recipe = { ...defaultRecipe, objective: spec, size, redirect: false };
  const ascent = await createAscent(gpu, model, recipe);
  try {
    let image = start;
    for (let step = 1; step <= iterations; step++) {
      const [dx, dy] = [shift(), shift()];
      const { gradient } = await ascent.gradient(rolled(image, size, dy, dx));
      const g = rolled(gradient, size, -dy, -dx);
      const mean = g.reduce((sum, x) => sum + Math.abs(x), 0) / g.length;
      const rate = mean > 0 ? lr / mean : 0;
      image = image.map((x, i) => Math.min(1, Math.max(0, x + rate * (g[i] as number))));
      done(step);
    }
    const { objective } = await ascent.gradient(image);
    return { image, objective: objective[0] as number, kernels: ascent.kernels };
  } finally {
    ascent.dispose();
  }
}

/** Whole numbers from −jitter to jitter, evenly. */
function shifts(jitter: number, seed: number): () => number {
  const uniform = uniforms(seed);
  return () => Math.floor(uniform() * (2 * jitter + 1)) - jitter;
}

/** y[i,j] = x[i−dy mod H, j−dx mod W] of every plane. */
function rolled(planes: Float32Array, [height, width]: Size, dy: number, dx: number): Float32Array {
  const wrap = (i: number, length: number): number => ((i % length) + length) % length;
  return planes.map((_, at) => {
    const [i, j] = [Math.floor(at / width) % height, at % width];
    const plane = at - i * width - j;
    return planes[plane + wrap(i - dy, height) * width + wrap(j - dx, width)] as number;
  });
}
