/**
 * Measures our default channel recipe against Lucid's (Olah et al. 2017) on the real VGG-19: the same weights, size,
 * steps, objective and channels, on Dawn. See the README of the folder above.
 *
 *     node src/build/run.mjs test/bench/recipes/run.ts [--layers conv2_1,conv3_4] [--channels 20] [--size 64]
 *       [--steps 128] [--seed 1] [--draws 16] [--settings '{"lr":0.1}']
 *
 * `--settings` changes our recipe, for tuning it, and may be given several times. A layer's result is a line of JSON, then a row of the table.
 */
import { parseArgs } from "node:util";
import { createAscent } from "../../../src/engine/run/ascent.ts";
import { uniforms } from "../../../src/engine/run/start.ts";
import { type Gpu, requestGpu } from "../../../src/gpu/device.ts";
import { openModel } from "../../../src/model/model.ts";
import type { Model } from "../../../src/model/network.ts";
import { layerChannels } from "../../../src/model/shapes.ts";
import { dawnGpu } from "../../../src/node/dawn.ts";
import { fileSource } from "../../../src/node/files.ts";
import { recipeSettings } from "../../../src/optvis/named-recipes.ts";
import { defaultRecipe, type Recipe } from "../../../src/optvis/recipe.ts";
import { tunedSettings } from "../../../src/optvis/recipes.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string", default: "../shared/data/weights/vgg19_conv1_1-conv3_4.f32.safetensors" },
    layers: { type: "string", default: "conv1_2,conv2_1,conv2_2,conv3_1,conv3_2,conv3_3,conv3_4" },
    channels: { type: "string", default: "20" },
    size: { type: "string", default: "64" },
    steps: { type: "string", default: "128" },
    seed: { type: "string", default: "1" },
    draws: { type: "string", default: "16" },
    settings: { type: "string", multiple: true, default: ["{}"] },
  },
});
const [count, side, steps, seed, draws] = [
  flags.channels,
  flags.size,
  flags.steps,
  flags.seed,
  flags.draws,
].map(Number) as [number, number, number, number, number];
const size = [side, side] as const;

/** What images reach under transforms that none of them was made with, and how rough they are. */
interface Reached {
  /** Mean over the draws, of each image. */
  readonly objective: readonly number[];
  /** Σ|x[i+1,j] − x[i,j]| + |x[i,j+1] − x[i,j]| over pixels and colours, of each image. */
  readonly variation: readonly number[];
}

/** Different channels of a layer, drawn by the seed. */
function channelsOf(model: Model, layer: string): number[] {
  const uniform = uniforms(seed);
  const all = Array.from({ length: layerChannels(model.network, layer) }, (_, i) => ({ i, at: uniform() }));
  return all
    .sort((a, b) => a.at - b.at)
    .slice(0, count)
    .map(({ i }) => i);
}

/** Draws an image for each channel; clamped to 0–1. */
async function draw(gpu: Gpu, model: Model, recipe: Recipe): Promise<Float32Array> {
  const ascent = await createAscent(gpu, model, recipe);
  try {
    for await (const _ of ascent.run({ iterations: recipe.iterations }));
    return (await ascent.readImage()).map((x) => Math.min(1, Math.max(0, x)));
  } finally {
    ascent.dispose();
  }
}

/** Lucid's transforms, with numbers of a seed that no recipe was run with; the image stays as it is. */
async function judge(gpu: Gpu, model: Model, objective: string, images: Float32Array): Promise<Reached> {
  const still = { ...defaultRecipe, size, objective, batch: count, redirect: false, lr: 0 };
  const ascent = await createAscent(gpu, model, {
    ...still,
    init: "noise",
    transforms: "standard",
    seed: seed + 1000,
  });
  const sums = new Array<number>(count).fill(0);
  try {
    ascent.writeImage(images);
    for await (const { objective: rows } of ascent.run({ iterations: draws, objective: true })) {
      for (const row of rows ?? [])
        for (const [n, value] of row.entries()) sums[n] = (sums[n] as number) + value / draws;
    }
  } finally {
    ascent.dispose();
  }
  return { objective: sums, variation: variationOf(images) };
}

function variationOf(images: Float32Array): number[] {
  const sums = new Array<number>(count).fill(0);
  images.forEach((x, at) => {
    const n = Math.floor(at / (3 * side * side));
    const right = at % side < side - 1 ? Math.abs((images[at + 1] as number) - x) : 0;
    const below = Math.floor(at / side) % side < side - 1 ? Math.abs((images[at + side] as number) - x) : 0;
    sums[n] = (sums[n] as number) + right + below;
  });
  return sums;
}

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

async function compare(gpu: Gpu, model: Model, layer: string): Promise<void> {
  const objective = `channel:${layer}:${channelsOf(model, layer)}`;
  const same = { ...defaultRecipe, size, objective, batch: count, seed };
  const reach = async (recipe: Recipe): Promise<Reached> =>
    judge(gpu, model, objective, await draw(gpu, model, { ...recipe, iterations: steps }));
  const lucid = await reach({ ...same, ...recipeSettings("lucid2017", model.preprocess) });
  for (const settings of flags.settings) {
    const changes = JSON.parse(settings) as Partial<Recipe>;
    const ours = await reach({ ...same, ...tunedSettings(objective, size), ...changes });
    console.log(JSON.stringify({ layer, objective, settings: changes, ours, lucid }));
    console.log(row(settings === "{}" ? layer : `${layer} ${settings}`, ours, lucid));
  }
}

function row(name: string, ours: Reached, lucid: Reached): string {
  const higher = ours.objective.filter((value, n) => value >= (lucid.objective[n] as number)).length;
  const smoother = ours.variation.filter((value, n) => value <= (lucid.variation[n] as number)).length;
  const cells = [
    ...[mean(ours.objective), mean(lucid.objective)].map((x) => x.toPrecision(4)),
    `${higher} of ${count}`,
    ...[mean(ours.variation), mean(lucid.variation)].map((x) => x.toFixed(0)),
    `${smoother} of ${count}`,
  ];
  return `| ${name} | ${cells.join(" | ")} |`;
}

const source = await fileSource(flags.model);
const model = await openModel(source, { preprocess: "caffe" });
const gpu = await requestGpu(await dawnGpu());
console.log(`${gpu.adapterName}, ${side}×${side}, ${steps} steps, seed ${seed}, ${draws} draws`);
for (const layer of flags.layers.split(",")) await compare(gpu, model, layer);
gpu.dispose();
source.close();
