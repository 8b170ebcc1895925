/** `render`: gradient ascent on the image from a start to N iterations, or until it stands. */

import { type Ascent, type AscentOptions, createAscent } from "../engine/run/ascent.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Model } from "../model/network.ts";
import { preprocessing } from "../model/preprocess.ts";
import type { Recipe } from "../optvis/recipe.ts";
import type { Result, RunContext, RunReport, Tensor } from "./report.ts";

/** Milliseconds of a submission: nobody waits for a frame here, and Firefox looks for its end every 100 ms only. */
const SUBMISSION_MS = 400;

export interface RenderOptions {
  readonly recipe: Recipe;
  /** Stop when the objective's relative gain over 20 iterations falls below this. */
  readonly until?: number;
  /** Start of `init: "photo"`: RGB in 0–1 units, (3, H, W), or RGBA of a recipe with an alpha channel. */
  readonly photo?: Float32Array;
  /** Height and width at which the images are drawn in the end, of a CPPN. */
  readonly drawSize?: readonly [height: number, width: number];
  /** What the objective compares with, (3, H, W); the photo itself if absent. */
  readonly target?: Float32Array;
}

export type RenderTensors = {
  /** (N, 3, H, W), RGB in 0–1 units, not clamped unless the recipe says so. */
  readonly image: Tensor;
  /** (N, 1, H, W), opacity in 0–1, of a recipe with an alpha channel. */
  readonly alpha?: Tensor;
};

/** @returns `RenderTensors` */
export async function render(
  gpu: Gpu,
  model: Model,
  options: RenderOptions,
  context: RunContext,
): Promise<Result<RunReport>> {
  const { storage } = context;
  const tuning = storage && { storage };
  const ascent = await createAscent(gpu, model, options.recipe, { ...photoOption(options), tuning });
  try {
    const report = await timedRun(gpu, model, ascent, options, context);
    const { recipe, drawSize } = options;
    const size = drawSize ?? recipe.size;
    const data = drawSize ? await ascent.drawImage(drawSize) : await ascent.readImage();
    const alpha = await ascent.readAlpha();
    const image = { shape: [recipe.batch, 3, ...size], data };
    const opacity = alpha && { alpha: { shape: [recipe.batch, 1, ...size], data: alpha } };
    return { report, tensors: { image, ...opacity } };
  } finally {
    ascent.dispose();
  }
}

/** The photographs that an ascent is given. */
export function photoOption({ photo, target }: RenderOptions): Pick<AscentOptions, "photo" | "target"> {
  return { photo, target };
}

/** Runs a fresh ascent to its end. The clock starts after the first iteration, when the others are compiled. */
export async function timedRun(
  gpu: Gpu,
  model: Model,
  ascent: Ascent,
  options: RenderOptions,
  context: RunContext,
): Promise<RunReport> {
  const { recipe } = options;
  const objective: number[] = [];
  let firstImageSeconds: number | null = null;
  let seconds = 0;
  let encodingSeconds = 0;
  if (recipe.iterations > 0) {
    objective.push(mean(await ascent.step()));
    firstImageSeconds = (Date.now() - context.startedAt) / 1000;
    context.onProgress?.(1);
    if (recipe.iterations > 1) {
      await ascent.prepare();
      await gpu.device.queue.onSubmittedWorkDone();
    }
    const start = performance.now();
    const encoded = ascent.encodingSeconds;
    for await (const { iteration, objective: values } of ascent.run({
      iterations: recipe.iterations - 1,
      objective: true,
      frameMs: SUBMISSION_MS,
      ...(options.until === undefined ? {} : { until: options.until }),
      ...(context.signal === undefined ? {} : { signal: context.signal }),
    })) {
      for (const perImage of values ?? []) objective.push(mean(perImage));
      context.onProgress?.(iteration);
    }
    seconds = (performance.now() - start) / 1000;
    encodingSeconds = ascent.encodingSeconds - encoded;
  }
  const timed = ascent.iteration - 1;
  return {
    runtime: context.runtime,
    adapter: gpu.adapterName,
    iterations: ascent.iteration,
    seconds: timed > 0 ? seconds : 0,
    encodingSeconds,
    iterationsPerSecond: timed > 0 ? timed / seconds : null,
    firstImageSeconds,
    objective,
    finalObjective: await objectiveNow(model, ascent),
    kernels: ascent.kernels,
  };
}

/** The objective of the resident images, L2 included: forward on the GPU, the L2 term in float64 here. */
async function objectiveNow(model: Model, ascent: Ascent): Promise<number> {
  const { l2, batch } = ascent.recipe;
  const { objective } = await ascent.gradient();
  if (l2 === 0) return mean(objective);
  const { mean: zero, scale, order } = preprocessing(model.preprocess);
  const rgb = await ascent.readImage();
  const area = rgb.length / batch / 3;
  let squares = 0;
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < 3; c++) {
      const plane = order[c] as number;
      const base = (n * 3 + plane) * area;
      for (let i = 0; i < area; i++) {
        squares += ((scale[c] as number) * ((rgb[base + i] as number) - (zero[plane] as number))) ** 2;
      }
    }
  }
  return mean(objective) - (l2 * squares) / batch;
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
}
