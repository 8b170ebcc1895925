/**
 * `atlas`: every channel of a layer or a network, a batch at a time. What is drawn is written before the next
 * batch begins, and what is written is not drawn again, so it goes on where it stopped.
 */

import { mkdir, readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { performance } from "node:perf_hooks";
import type { RenderTensors } from "../commands/render.ts";
import type { RunReport } from "../commands/report.ts";
import { InputError } from "../errors.ts";
import type { Model } from "../model/network.ts";
import { layerChannels, layerShapes } from "../model/shapes.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { standardized } from "../optvis/standardize.ts";
import { type AtlasLayer, type AtlasPages, indexPage, layerPage, pictureName } from "./atlas-page.ts";
import type { AtlasFlags } from "./atlas-program.ts";
import { execute, type Weights } from "./execute.ts";
import { userPath, writeWhole } from "./files.ts";
import { renderRecipe } from "./flags.ts";
import { writePicture } from "./pictures.ts";
import { startProgress } from "./progress.ts";
import { print, weightsOf, withModel } from "./running.ts";
import { itemsOf } from "./shard.ts";
import { figure } from "./tables.ts";

/** Channels of one layer that are drawn together. */
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

const SIZE = [64, 64] as const;

/** @param startedAt when the process started, in milliseconds since the epoch */
export async function atlas(flags: AtlasFlags, startedAt: number): Promise<void> {
  const weights = await weightsOf(flags);
  const folder = userPath(flags.out);
  const { pages, recipe } = await plan(flags, weights);
  await prepareFolder(folder, flags, pages, recipe);
  const groups = pages.layers.flatMap((layer) => groupsOf(layer, flags));
  const pending: Group[] = [];
  for (const group of groups) if (await isPending(folder, group)) pending.push(group);
  const begun = performance.now();
  const progress = startProgress(pending.length * recipe.iterations);
  try {
    for (const [i, group] of pending.entries()) {
      const onProgress = (iteration: number): void => progress.update(i * recipe.iterations + iteration);
      const spec = `channel:${group.layer}:${group.channels.join(",")}`;
      const job = {
        command: "render",
        recipe: { ...recipe, objective: spec, batch: group.channels.length },
      } as const;
      const { report, tensors } = await execute(weights, job, {
        runtime: flags.runtime,
        startedAt,
        onProgress,
      });
      await writeGroup(folder, group, tensors as RenderTensors, recipe);
      if (!flags.json && !process.stderr.isTTY)
        print(groupText(group, i + 1, pending.length, report as RunReport));
    }
  } finally {
    progress.stop();
  }
  const count = (some: readonly Group[]): number =>
    some.reduce((sum, { channels }) => sum + channels.length, 0);
  const drawn = count(pending);
  const seconds = (performance.now() - begun) / 1000;
  const report = { out: flags.out, layers: pages.layers, drawn, found: count(groups) - drawn, seconds };
  print(flags.json ? JSON.stringify(report) : reportText(report));
}

/** What will be drawn, and how: checked before the first file is written. */
async function plan(flags: AtlasFlags, weights: Weights): Promise<{ pages: AtlasPages; recipe: Recipe }> {
  const { network, preprocess, layers } = await withModel(weights, (model) => {
    const { network, preprocess } = model;
    return { network, preprocess, layers: layersOf(model, flags.layer) };
  });
  // The units of the last linear layer are classes, and drawn as such.
  const classes = network.classes.length > 0 && network.layers.at(-1)?.name === flags.layer;
  const objective = classes ? "class:" : "channel:";
  const recipe = await renderRecipe({ recipe: "default", size: SIZE, ...flags, objective }, preprocess);
  if (recipe.init === "photo")
    throw new InputError("--init: an atlas starts from zeros or noise, got a photo");
  layerShapes(network, recipe.size, { upTo: layers.at(-1)?.name ?? "" });
  const [height, width] = recipe.size;
  return { pages: { network: network.name, layers, width, height }, recipe };
}

/** The layer asked for, or every convolution, in order of execution. */
function layersOf({ network }: Model, wanted: string | undefined): AtlasLayer[] {
  const names =
    wanted === undefined
      ? network.layers.filter(({ kind }) => kind === "conv").map(({ name }) => name)
      : [wanted];
  return names.map((name) => ({ name, channels: layerChannels(network, name) }));
}

function groupsOf({ name, channels }: AtlasLayer, { batch, shard }: AtlasFlags): Group[] {
  const all = Array.from({ length: channels }, (_, channel) => channel);
  const mine = itemsOf(all, shard);
  return Array.from({ length: Math.ceil(mine.length / batch) }, (_, i) => ({
    layer: name,
    channels: mine.slice(i * batch, (i + 1) * batch),
  }));
}

/** A group is drawn as a whole, so that the same settings give the same pictures however often it stopped. */
async function isPending(folder: string, { layer, channels }: Group): Promise<boolean> {
  const there = new Set(await readdir(join(folder, layer)));
  return channels.some((channel) => !there.has(pictureName(channel)));
}

/** Makes the folders and pages; all shards write the same ones. */
async function prepareFolder(
  folder: string,
  flags: AtlasFlags,
  pages: AtlasPages,
  recipe: Recipe,
): Promise<void> {
  const { objective: _, batch: __, ...settings } = recipe;
  const text = `${JSON.stringify({ model: basename(flags.model), network: pages.network, ...settings }, null, 2)}\n`;
  try {
    await mkdir(folder, { recursive: true });
    const known = await readFile(join(folder, "atlas.json"), "utf8").catch(() => undefined);
    if (known !== undefined && known !== text) {
      throw new InputError(`--out: ${flags.out} holds an atlas that was made with other settings`, {
        remedy: "choose another folder, or remove it; its settings stand in atlas.json",
      });
    }
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

function groupText({ layer, channels }: Group, i: number, of: number, report: RunReport): string {
  return `${i} of ${of}: ${layer}, channels ${channels.join(" ")}, ${figure(report.seconds)} s`;
}

function reportText({ out, layers, drawn, found, seconds }: AtlasReport): string {
  const names = layers.map(({ name }) => name).join(", ");
  return `${out}/index.html: ${names}; ${drawn} channels drawn in ${figure(seconds)} s, ${found} there before`;
}
