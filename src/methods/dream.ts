/**
 * `dream`: what a layer sees in a photograph is made more of, coarse to fine (google/deepdream). An octave is
 * one ascent by the recipe `deepdream`.
 */

import { deepestLayer } from "../engine/plan/steps.ts";
import { createAscent } from "../engine/run/ascent.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Model, Size } from "../model/network.ts";
import { layerShapes } from "../model/shapes.ts";
import { number, type ValuesOf } from "../optvis/field.ts";
import { namedRecipes } from "../optvis/named-recipes.ts";
import { parseObjective, placeObjective } from "../optvis/objective.ts";
import { defaultRecipe } from "../optvis/recipe.ts";
import { resizePlanes } from "../optvis/resize.ts";
import { method, settingsOf } from "./method.ts";
import { type GpuReport, libraryContext, whereRun } from "./report.ts";
import { onePhoto } from "./shared/image.ts";
import { imageAlone } from "./shared/picture.ts";
import { iterationsRow, jitterRow, rateRow, seedRow } from "./shared/rows.ts";
import { figure } from "./shared/text.ts";

export interface DreamReport extends GpuReport {
  /** Sizes of the octaves, from the smallest. */
  readonly octaves: readonly (readonly [height: number, width: number])[];
  /** Of the finished image. */
  readonly objective: number;
}

const { iterations, lr, jitter } = namedRecipes.deepdream;

/** google/deepdream's numbers. */
const options = {
  octaves: number({ label: "Octaves", help: "sizes", default: 4, least: 1, most: 32, whole: true }),
  octaveScale: number({
    label: "Octave scale",
    help: "from one size to the next",
    default: 1.4,
    least: 1.01,
    most: 16,
    whole: false,
  }),
  iterations: iterationsRow({ help: "steps of each octave", default: iterations }),
  lr: rateRow({
    help: "step over the mean |gradient|, in RGB 0–1 units",
    default: lr,
    leftOut: "1.5/255",
  }),
  jitter: jitterRow(jitter),
  seed: seedRow("of the shifts"),
};
type Settings = ValuesOf<typeof options>;

/**
 * Every octave adds its detail to the photograph at its size, beginning with the detail of the one before, by
 * x ← clamp(x + lr·g/mean|g|, 0, 1) on a shifted image. Octaves too small for the network or the objective are left
 * out; octave i of the others draws its shifts by seed + i.
 */
export const dream = method({
  name: "DeepDream",
  sentence: "DeepDream: make more of what a layer sees in a photograph, coarse to fine.",
  caption: "more of what a layer sees in it",
  source: "google/deepdream, 2015",
  input: "photograph",
  subject: "layer or objective",
  options,
  makes: { image: { shape: "[1,3,H,W]", unit: "RGB 0–1" } },
  examples: ["--model embedded --image photo.jpg --size 128 --layer relu4_2 --out dream.png"],
  picture: { draw: imageAlone },
  steps(given) {
    const settings = settingsOf(options, given);
    return settings.octaves * settings.iterations;
  },
  async run(gpu, model, given, context = libraryContext()) {
    const settings = settingsOf(options, given);
    const { objective: spec, image } = given;
    const sizes = octaveSizes(model, onePhoto(image), spec, settings);
    let photo: Float32Array = image.data;
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
      const octave = await climb(gpu, model, settings, { spec, size, start, seed, done });
      detail = octave.image.map((x, j) => x - (base[j] as number));
      ({ objective, kernels } = octave);
      photo = octave.image;
    }
    const report: DreamReport = { ...whereRun(gpu, context), octaves: sizes, objective, kernels };
    return { report, tensors: { image: { shape: image.shape, data: photo } } };
  },
  summary({ octaves, objective }: DreamReport) {
    const sizes = octaves.map((size) => size.join("×")).join(", ");
    return `octaves ${sizes}; objective ${figure(objective)}`;
  },
});

/** Sizes from the smallest to the photograph's own. */
function octaveSizes(
  { network }: Model,
  full: Size,
  objective: string,
  { octaves, octaveScale: scale }: Settings,
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
  readonly spec: string;
  readonly size: Size;
  readonly start: Float32Array;
  readonly seed: number;
  readonly done: (step: number) => void;
}

/** The steps of one octave, all on the GPU; the image is read back after the last. */
async function climb(
  gpu: Gpu,
  model: Model,
  { iterations, lr, jitter }: Settings,
  { spec, size, start, seed, done }: Octave,
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
