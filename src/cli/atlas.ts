/**
 * `atlas`: every channel of a layer or a network, a batch at a time. What is drawn is written before the next
 * batch begins, and what is written is not drawn again, so it goes on where it stopped. Channel c is drawn by the
 * seed + c, as image n of a batch is by the seed + n: it is the same picture whatever batch, shard or run draws it.
 */

import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { performance } from "node:perf_hooks";
import { InputError } from "../errors.ts";
import type { RenderTensors } from "../methods/render.ts";
import type { Model } from "../model/network.ts";
import { convolutionNames, layerChannels, layerShapes } from "../model/shapes.ts";
import { execute, type Weights } from "../node/execute.ts";
import { userPath, writeWhole } from "../node/files.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { standardized } from "../optvis/standardize.ts";
import { type AtlasLayer, type AtlasPages, indexPage, layerPage, pictureName } from "./atlas-page.ts";
import { ATLAS_SIZE, type AtlasFlags } from "./atlas-program.ts";
import { renderRecipe } from "./flags.ts";
import { writePicture } from "./pictures.ts";
import { startProgress } from "./progress.ts";
import { print, weightsOf, withModel } from "./running.ts";
import { type Shard, stretchOf } from "./shard.ts";
import { figure } from "./tables.ts";

/** Consecutive channels of one layer that are drawn together. */
interface Group {
  readonly layer: string;
  readonly channels: readonly number[];
}

/** Shown in the end, and as `--json`. */
interface AtlasReport {
  readonly out: string;
  readonly layers: readonly AtlasLayer[];
  /** Channels of this shard: drawn now, and found from before. */
  readonly drawn: number;
  readonly found: number;
  readonly seconds: number;
}

/** @param startedAt when the process started, in milliseconds since the epoch */
export async function atlas(flags: AtlasFlags, startedAt: number): Promise<void> {
  const weights = await weightsOf(flags);
  const folder = userPath(flags.out);
  const { pages, recipe, settings } = await plan(flags, weights);
  await prepareFolder(folder, flags, pages, settings);
  const missing = await missingOf(folder, pages.layers, flags.shard);
  const pending = missing.flatMap(({ layer, channels }) =>
    batchesOf(channels, flags.batch).map((batch): Group => ({ layer, channels: batch })),
  );
  const begun = performance.now();
  const progress = startProgress(pending.length * recipe.iterations);
  try {
    for (const [i, group] of pending.entries()) {
      const onProgress = (iteration: number): void => progress.update(i * recipe.iterations + iteration);
      const since = performance.now();
      const job = { command: "render", recipe: groupRecipe(group, recipe) } as const;
      const { tensors } = await execute(weights, job, { runtime: flags.runtime, startedAt, onProgress });
      await writeGroup(folder, group, tensors as RenderTensors, recipe);
      if (!flags.json && !process.stderr.isTTY) print(groupText(group, i + 1, pending.length, since));
    }
  } finally {
    progress.stop();
  }
  const drawn = pending.reduce((sum, { channels }) => sum + channels.length, 0);
  const all = pages.layers.reduce((sum, { channels }) => sum + stretchOf(channels, flags.shard).length, 0);
  const seconds = secondsSince(begun);
  const report = { out: flags.out, layers: pages.layers, drawn, found: all - drawn, seconds };
  print(flags.json ? JSON.stringify(report) : reportText(report));
}

interface AtlasPlan {
  readonly pages: AtlasPages;
  readonly recipe: Recipe;
  /** What decides the pictures, which are the same whatever batch and shard they are drawn in. */
  readonly settings: object;
}

/** What will be drawn, and how: checked before the first file is written. */
async function plan(flags: AtlasFlags, weights: Weights): Promise<AtlasPlan> {
  const { network, preprocess, layers } = await withModel(weights, (model) => {
    const { network, preprocess } = model;
    return { network, preprocess, layers: layersOf(model, flags.layer) };
  });
  // The units of the last linear layer are classes, and drawn as such.
  const classes = network.classes.length > 0 && network.layers.at(-1)?.name === flags.layer;
  const objective = classes ? "class:" : "channel:";
  const recipe = await renderRecipe({ recipe: "default", size: ATLAS_SIZE, ...flags, objective }, preprocess);
  if (recipe.init === "photo")
    throw new InputError("--init: an atlas starts from zeros or noise, got a photo");
  if (recipe.share > 0)
    throw new InputError(
      "--recipe: an atlas draws every channel by itself, got images that share frequencies",
    );
  layerShapes(network, recipe.size, { upTo: layers.at(-1)?.name ?? "" });
  const [height, width] = recipe.size;
  const padding = network.layers.find((layer) => layer.kind === "conv")?.padding;
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

/** The channels of a shard whose pictures are not there, layer by layer. */
async function missingOf(folder: string, layers: readonly AtlasLayer[], shard: Shard): Promise<Group[]> {
  return Promise.all(
    layers.map(async ({ name, channels }) => {
      const there = new Set(await readdir(join(folder, name)));
      const mine = stretchOf(channels, shard);
      return { layer: name, channels: mine.filter((channel) => !there.has(pictureName(channel))) };
    }),
  );
}

/** Runs of consecutive channels, `most` at once: image n of a batch has the first one's seed + n. */
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
    objective: `channel:${layer}:${channels.join(",")}`,
    batch: channels.length,
    seed: (recipe.seed + first) >>> 0,
  };
}

/** Makes the folders and pages; all shards write the same ones. */
async function prepareFolder(
  folder: string,
  flags: AtlasFlags,
  pages: AtlasPages,
  settings: object,
): Promise<void> {
  const text = `${JSON.stringify(settings, null, 2)}\n`;
  try {
    await mkdir(folder, { recursive: true });
    await expectOwn(folder, flags.out, pages, text);
    await writeWhole(join(folder, "atlas.json"), text);
    for (const layer of pages.layers) {
      await mkdir(join(folder, layer.name), { recursive: true });
      await writeWhole(join(folder, layer.name, "index.html"), layerPage(pages, layer));
    }
    await writeWhole(
      join(folder, "index.html"),
      indexPage({ ...pages, layers: await knownLayers(folder, pages) }),
    );
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError(`--out: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Refuses a folder with pages that no atlas made, or an atlas by other settings. @param text of `atlas.json` */
async function expectOwn(folder: string, shown: string, { layers }: AtlasPages, text: string): Promise<void> {
  // Before atlas.json is looked for, which a shard that begins at the same time writes before its pages.
  const names = ["index.html", ...layers.map(({ name }) => `${name}/index.html`)];
  const page = names.find((name) => existsSync(join(folder, name)));
  const known = await readFile(join(folder, "atlas.json"), "utf8").catch(() => undefined);
  if (known === undefined && page !== undefined) {
    throw new InputError(`--out: ${shown} holds ${page}, which is no atlas's, as there is no atlas.json`, {
      remedy: "choose another folder",
    });
  }
  if (known !== undefined && known !== text) {
    throw new InputError(`--out: ${shown} holds an atlas that was made with other settings`, {
      remedy: "choose another folder, or remove it; its settings stand in atlas.json",
    });
  }
}

/** The layers of this run, and those that stand in the folder from others. */
async function knownLayers(folder: string, { layers }: AtlasPages): Promise<readonly AtlasLayer[]> {
  const others: AtlasLayer[] = [];
  for (const { name } of (await readdir(folder, { withFileTypes: true })).filter((entry) =>
    entry.isDirectory(),
  )) {
    if (layers.some((layer) => layer.name === name)) continue;
    const page = await readFile(join(folder, name, "index.html"), "utf8").catch(() => "");
    const channels = page.match(/<img /g)?.length ?? 0;
    if (channels > 0) others.push({ name, channels });
  }
  return [...layers, ...others].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

async function writeGroup(
  folder: string,
  { layer, channels }: Group,
  { image, alpha }: RenderTensors,
  { standardize }: Recipe,
): Promise<void> {
  const [, , height, width] = image.shape as [number, number, number, number];
  const area = height * width;
  const shown = standardize ? standardized(image.data, channels.length) : image.data;
  for (const [n, channel] of channels.entries()) {
    const rgb = shown.subarray(3 * n * area, 3 * (n + 1) * area);
    const png = writePicture(rgb, [height, width], alpha?.data.subarray(n * area, (n + 1) * area));
    await writeWhole(join(folder, layer, pictureName(channel)), png);
  }
}

function secondsSince(begun: number): number {
  return (performance.now() - begun) / 1000;
}

function groupText({ layer, channels }: Group, i: number, of: number, begun: number): string {
  return `${i} of ${of}: ${layer}, channels ${channels.join(" ")}, ${figure(secondsSince(begun))} s`;
}

function reportText({ out, layers, drawn, found, seconds }: AtlasReport): string {
  const names = layers.map(({ name }) => name).join(", ");
  return `${out}/index.html: ${names}; ${drawn} channels drawn in ${figure(seconds)} s, ${found} there before`;
}
