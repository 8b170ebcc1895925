/**
 * `grid`: a layer's view of a photograph, place by place: every cell is an image of what the activation there
 * responds to (Olah et al. 2018, "The Building Blocks of Interpretability").
 */

import { createAscent } from "../engine/run/ascent.ts";
import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Model, Size } from "../model/network.ts";
import { imageChannels, layerShapes } from "../model/shapes.ts";
import { number, type ValuesOf } from "../optvis/field.ts";
import { defaultRecipe, type Recipe } from "../optvis/recipe.ts";
import { recipeFields } from "../optvis/recipe-fields.ts";
import { channelSettings } from "../optvis/recipes.ts";
import type { Objective } from "../optvis/term.ts";
import { layerSpec } from "../optvis/terms/layer.ts";
import { method, settingsOf } from "./method.ts";
import { type GpuReport, libraryContext, type Tensor, whereRun } from "./report.ts";
import { onePhoto } from "./shared/image.ts";
import { imageAlone } from "./shared/picture.ts";
import { boundsOf, iterationsRow, powerRow, seedRow } from "./shared/rows.ts";

export interface GridReport extends GpuReport {
  readonly layer: string;
  readonly rows: number;
  readonly columns: number;
}

const options = {
  cells: number({
    label: "Cells",
    help: "cells along the longer side, at most one a position",
    default: 8,
    least: 1,
    most: 256,
    whole: true,
  }),
  cell: number({
    label: "Cell",
    help: "side of a cell in pixels",
    default: 48,
    unit: "pixels",
    least: 8,
    most: 1024,
    whole: true,
  }),
  iterations: iterationsRow({ help: "steps of each cell", default: 64 }),
  power: powerRow("P of dot × cosᵖ"),
  batch: number({
    label: "Batch",
    help: "cells drawn at once",
    default: 16,
    ...boundsOf(recipeFields.batch),
  }),
  seed: seedRow("of the jitter"),
};
type Settings = ValuesOf<typeof options> & { readonly layer: string };

/** The image has rows·cell by columns·cell pixels. */
export const grid = method({
  name: "Activation grid",
  sentence: "Activation grid: draw what a layer sees at every place of a photograph.",
  caption: "what a layer sees at every place",
  source: "Olah et al. 2018",
  input: "photograph",
  subject: "layer",
  options,
  quick: { cells: 5, cell: 32, iterations: 48 },
  makes: { image: { shape: "[1,3,H,W]", unit: "RGB 0–1" } },
  examples: ["--model embedded --image photo.jpg --size 128 --layer relu3_2 --out grid.png"],
  picture: { draw: imageAlone },
  steps: () => 0,
  async run(gpu, model, given, context = libraryContext()) {
    const { layer } = given;
    const settings = { ...settingsOf(options, given), layer };
    const { vectors, rows, columns } = await cellVectors(gpu, model, given.image, settings);
    const { cell, batch, iterations } = settings;
    const [height, width] = [rows * cell, columns * cell];
    const colours = imageChannels(model.network);
    const image = new Float32Array(colours * height * width);
    let kernels: readonly string[] = [];
    for (let first = 0; first < vectors.length; first += batch) {
      const some = vectors.slice(first, first + batch);
      const done = (step: number) => context.onProgress?.((first / batch) * iterations + step);
      // Cell i is drawn by the seed + i, as image n of a batch is by the seed + n.
      const seed = (settings.seed + first) >>> 0;
      const drawn = await drawCells(gpu, model, { ...settings, seed }, some, done);
      some.forEach((_, n) => {
        const place = [Math.floor((first + n) / columns), (first + n) % columns] as const;
        const pixels = colours * cell * cell;
        const one = drawn.images.subarray(n * pixels, (n + 1) * pixels);
        copyCell(one, cell, image, [height, width], place);
      });
      kernels = drawn.kernels;
    }
    const report: GridReport = { ...whereRun(gpu, context), layer, rows, columns, kernels };
    return { report, tensors: { image: { shape: [1, colours, height, width], data: image } } };
  },
  summary: ({ layer, rows, columns }: GridReport) => `${layer}, ${rows}×${columns} cells`,
});

/** The layer's activation of the photograph, averaged over the positions under each cell; one vector a cell. */
async function cellVectors(
  gpu: Gpu,
  model: Model,
  image: Tensor,
  { layer, cells }: Settings,
): Promise<{ vectors: Float32Array[]; rows: number; columns: number }> {
  const size = onePhoto(image);
  const recipe = { ...defaultRecipe, objective: layerSpec(layer), size, redirect: false };
  const ascent = await createAscent(gpu, model, recipe, { first: "gradient", plan: { keep: layer } });
  try {
    await ascent.gradient(image.data);
    const activation = await ascent.readActivation(layer);
    const shape = layerShapes(model.network, size, { upTo: layer }).get(layer);
    if (!shape) throw new InputError(`layer ${layer} has no shape at this size`);
    const { channels, height, width } = shape;
    const longer = Math.max(height, width);
    const count = Math.min(cells, longer);
    const [rows, columns] = [height, width].map((side) =>
      Math.max(1, Math.round((side * count) / longer)),
    ) as [number, number];
    const vectors = Array.from({ length: rows * columns }, (_, i) =>
      meanVector(activation, [height, width], channels, [
        window(Math.floor(i / columns), rows, height),
        window(i % columns, columns, width),
      ]),
    );
    return { vectors, rows, columns };
  } finally {
    ascent.dispose();
  }
}

/** PyTorch's windows of adaptive pooling: part `i` of `count` along a side. */
function window(i: number, count: number, length: number): readonly [from: number, to: number] {
  return [Math.floor((i * length) / count), Math.ceil(((i + 1) * length) / count)];
}

/** Mean over a window of positions, one number a channel, of length 1 (where there is any activation). */
function meanVector(
  activation: Float32Array,
  [height, width]: Size,
  channels: number,
  [[top, bottom], [left, right]]: readonly [readonly [number, number], readonly [number, number]],
): Float32Array {
  const vector = new Float32Array(channels);
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) sum += activation[(c * height + y) * width + x] as number;
    }
    vector[c] = sum;
  }
  const length = Math.hypot(...vector);
  return length > 0 ? vector.map((x) => x / length) : vector;
}

/** One image for each vector, (N,C,cell,cell). */
async function drawCells(
  gpu: Gpu,
  model: Model,
  { layer, cell, iterations, power, seed }: Settings,
  directions: readonly Float32Array[],
  done: (step: number) => void,
) {
  const objective: Objective = { terms: [{ kind: "directions", weight: 1, layer, directions, power }] };
  const recipe: Recipe = {
    ...defaultRecipe,
    ...channelSettings,
    objective: layerSpec(layer),
    size: [cell, cell],
    batch: directions.length,
    seed,
    iterations,
  };
  const ascent = await createAscent(gpu, model, recipe, { objective });
  try {
    for await (const { iteration } of ascent.run({ iterations })) done(iteration);
    return { images: await ascent.readImage(), kernels: ascent.kernels };
  } finally {
    ascent.dispose();
  }
}

function copyCell(
  from: Float32Array,
  cell: number,
  to: Float32Array,
  [height, width]: Size,
  [row, column]: readonly [number, number],
): void {
  for (let plane = 0; plane < from.length / cell ** 2; plane++) {
    for (let y = 0; y < cell; y++) {
      const line = from.subarray((plane * cell + y) * cell, (plane * cell + y + 1) * cell);
      to.set(line, (plane * height + row * cell + y) * width + column * cell);
    }
  }
}
