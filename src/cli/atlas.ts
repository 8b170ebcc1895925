/**
 * `atlas` draws every channel of a layer or a network, a batch at a time. It writes the pictures of a batch before the
 * next one begins, and does not draw again what is there, so it goes on where it stopped. The seed of channel c is the
 * recipe's seed + c, as the seed of image n of a batch is the batch's seed + n. So a channel has the same picture in
 * whatever batch, shard or run it is drawn.
 */

import { basename } from "node:path";
import { performance } from "node:perf_hooks";
import { InputError } from "../errors.ts";
import { figure } from "../methods/shared/text.ts";
import type { Model } from "../model/network.ts";
import { convolutionNames, convolutions, layerChannels, layerShapes } from "../model/shapes.ts";
import { formatObjective } from "../optvis/objective.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { channelSpec } from "../optvis/terms/channels.ts";
import { classTerm } from "../optvis/terms/neuron.ts";
import type { Weights } from "../runtime/protocol.ts";
import { type Group, missingOf, prepareFolder, writeGroup } from "./atlas-folder.ts";
import type { AtlasLayer, AtlasPages } from "./atlas-page.ts";
import { ATLAS_SIZE, type AtlasFlags } from "./atlas-program.ts";
import { userPath } from "./files.ts";
import { renderRecipe } from "./flags.ts";
import { startProgress } from "./progress.ts";
import { print, remarkRestart, weightsOf, withNetwork, withRuntime } from "./running.ts";
import { stretchOf } from "./shard.ts";

/** What is shown in the end, and printed as `--json`. */
interface AtlasReport {
  readonly out: string;
  readonly layers: readonly AtlasLayer[];
  /** How many channels of this shard were drawn now, and how many were there before. */
  readonly drawn: number;
  readonly found: number;
  readonly seconds: number;
}

/** @param startedAt when the process started, in milliseconds since the epoch */
export async function atlas(flags: AtlasFlags, startedAt: number): Promise<void> {
  const weights = await weightsOf(flags);
  const folder = userPath(flags.out);
  const { pages, recipe, settings } = await plan(flags, weights);
  await prepareFolder(folder, flags.out, pages, settings);
  const missing = await missingOf(folder, pages.layers, flags.shard);
  const pending = missing.flatMap(({ layer, channels }) =>
    batchesOf(channels, flags.batch).map((batch): Group => ({ layer, channels: batch })),
  );
  const begun = performance.now();
  await draw(pending, { flags, weights, folder, recipe, startedAt });
  const drawn = pending.reduce((sum, { channels }) => sum + channels.length, 0);
  const all = pages.layers.reduce((sum, { channels }) => sum + stretchOf(channels, flags.shard).length, 0);
  const seconds = secondsSince(begun);
  const report = { out: flags.out, layers: pages.layers, drawn, found: all - drawn, seconds };
  print(flags.json ? JSON.stringify(report) : reportText(report));
}

interface Work {
  readonly flags: AtlasFlags;
  readonly weights: Weights;
  readonly folder: string;
  readonly recipe: Recipe;
  readonly startedAt: number;
}

/** Draws and writes one group after the other, all in one runtime. */
async function draw(pending: readonly Group[], work: Work): Promise<void> {
  const { flags, weights, folder, recipe, startedAt } = work;
  const progress = startProgress(pending.length * recipe.iterations);
  const drawAll = withRuntime(weights, flags.runtime, async (runtime) => {
    for (const [i, group] of pending.entries()) {
      const since = performance.now();
      const { tensors } = await runtime.run(
        { method: "render", options: { recipe: groupRecipe(group, recipe) } },
        {
          startedAt,
          onProgress: (iteration) => progress.update(i * recipe.iterations + iteration),
          onRestart: remarkRestart(nameOf(group)),
        },
      );
      await writeGroup(folder, group, tensors, recipe);
      if (!flags.json && !process.stderr.isTTY) print(groupText(group, i + 1, pending.length, since));
    }
  });
  await drawAll.finally(() => progress.stop());
}

interface AtlasPlan {
  readonly pages: AtlasPages;
  readonly recipe: Recipe;
  /** All that the pictures depend on. Batch and shard are not among it. */
  readonly settings: object;
}

/** What will be drawn, and how. It is checked before the first file is written. */
async function plan(flags: AtlasFlags, weights: Weights): Promise<AtlasPlan> {
  const { network, preprocess, layers } = await withNetwork(flags.model, weights, (model) => {
    const { network, preprocess } = model;
    return { network, preprocess, layers: layersOf(model, flags.layer) };
  });
  // The units of the last linear layer are classes, and are drawn by the recipe for classes.
  const classes = network.classes.length > 0 && network.layers.at(-1)?.name === flags.layer;
  const objective = classes
    ? formatObjective({ terms: [classTerm(network, 0)] }, network)
    : channelSpec("", 0);
  const recipe = await renderRecipe({ recipe: "default", size: ATLAS_SIZE, ...flags, objective }, preprocess);
  if (recipe.init === "photo")
    throw new InputError("--init: an atlas starts from zeros or noise, got a photo");
  if (recipe.share > 0)
    throw new InputError(
      "--recipe: an atlas draws every channel by itself, got images that share frequencies",
    );
  layerShapes(network, recipe.size, { upTo: layers.at(-1)?.name ?? "" });
  const [height, width] = recipe.size;
  const padding = convolutions(network)[0]?.padding;
  const { objective: _, batch: __, ...drawnBy } = recipe;
  const model = basename(flags.model);
  const settings = { model, network: network.name, preprocess, padding, ...drawnBy };
  return { pages: { network: network.name, layers, width, height }, recipe, settings };
}

/** The layer asked for, or every convolution, in order of execution. */
function layersOf({ network }: Model, wanted: string | undefined): AtlasLayer[] {
  const names = wanted === undefined ? convolutionNames(network) : [wanted];
  return names.map((name) => ({ name, channels: layerChannels(network, name) }));
}

/** Cuts channels into batches of at most `most`. The channels of a batch are consecutive, as the seeds of its images are. */
function batchesOf(channels: readonly number[], most: number): number[][] {
  const batches: number[][] = [];
  for (const channel of channels) {
    const last = batches.at(-1);
    if (last && last.length < most && last.at(-1) === channel - 1) last.push(channel);
    else batches.push([channel]);
  }
  return batches;
}

function groupRecipe({ layer, channels }: Group, recipe: Recipe): Recipe {
  const [first = 0] = channels;
  return {
    ...recipe,
    objective: channelSpec(layer, ...channels),
    batch: channels.length,
    seed: (recipe.seed + first) >>> 0,
  };
}

function secondsSince(begun: number): number {
  return (performance.now() - begun) / 1000;
}

function nameOf({ layer, channels }: Group): string {
  return `${layer}, channels ${channels.join(" ")}`;
}

function groupText(group: Group, i: number, of: number, begun: number): string {
  return `${i} of ${of}: ${nameOf(group)}, ${figure(secondsSince(begun))} s`;
}

function reportText({ out, layers, drawn, found, seconds }: AtlasReport): string {
  const names = layers.map(({ name }) => name).join(", ");
  return `${out}/index.html: ${names}; ${drawn} channels drawn in ${figure(seconds)} s, ${found} there before`;
}
