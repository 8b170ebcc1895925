/** The folder of an atlas: `atlas.json` with its settings, pages, and a folder of pictures for each layer. */

import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../errors.ts";
import type { ResultOf } from "../methods/methods.ts";
import { isCutShort } from "../optvis/picture-ends.ts";
import { pictureKind } from "../optvis/picture-kind.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { standardized } from "../optvis/standardize.ts";
import { type AtlasLayer, type AtlasPages, indexPage, layerPage, pictureName } from "./atlas-page.ts";
import { removeLeftParts, writeWhole } from "./files.ts";
import { writePicture } from "./pictures.ts";
import { type Shard, stretchOf } from "./shard.ts";

/** Channels of one layer. */
export interface Group {
  readonly layer: string;
  readonly channels: readonly number[];
}

/**
 * Makes the folders and pages. All shards write the same ones.
 *
 * @param shown the folder's path as it was given
 * @throws InputError where the folder holds something else
 */
export async function prepareFolder(
  folder: string,
  shown: string,
  pages: AtlasPages,
  settings: object,
): Promise<void> {
  const text = `${JSON.stringify(settings, null, 2)}\n`;
  try {
    await mkdir(folder, { recursive: true });
    await expectOwn(folder, shown, pages, text);
    await removeLeftParts(folder);
    await writeWhole(join(folder, "atlas.json"), text);
    for (const layer of pages.layers) {
      await mkdir(join(folder, layer.name), { recursive: true });
      await removeLeftParts(join(folder, layer.name));
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

/** Refuses a folder with pages that no atlas made, or with an atlas of other settings. @param text of `atlas.json` */
async function expectOwn(folder: string, shown: string, { layers }: AtlasPages, text: string): Promise<void> {
  // Pages are looked for first: a shard that begins at the same time writes atlas.json before its pages.
  const names = ["index.html", ...layers.map(({ name }) => `${name}/index.html`)];
  const page = names.find((name) => existsSync(join(folder, name)));
  const known = await readFile(join(folder, "atlas.json"), "utf8").catch(() => undefined);
  if (known === undefined && page !== undefined) {
    throw new InputError(`--out: ${shown} is no atlas: it holds ${page} and no atlas.json`, {
      remedy: "choose another folder",
    });
  }
  if (known !== undefined && known !== text) {
    throw new InputError(`--out: ${shown} holds an atlas that was made with other settings`, {
      remedy: "choose another folder, or remove it; its settings are in atlas.json",
    });
  }
}

/** The layers of this run, and those that other runs left in the folder. */
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

/** Writes one picture a channel. */
export async function writeGroup(
  folder: string,
  { layer, channels }: Group,
  { image, alpha }: ResultOf<"render">["tensors"],
  { standardize }: Recipe,
): Promise<void> {
  const [, colours, height, width] = image.shape as [number, number, number, number];
  const area = height * width;
  const length = colours * area;
  const shown = standardize ? standardized(image.data, channels.length) : image.data;
  for (const [n, channel] of channels.entries()) {
    const rgb = shown.subarray(n * length, (n + 1) * length);
    const png = writePicture(rgb, [height, width], alpha?.data.subarray(n * area, (n + 1) * area));
    await writeWhole(join(folder, layer, pictureName(channel)), png);
  }
}

/** The channels of a shard that have no whole picture yet, layer by layer. */
export async function missingOf(
  folder: string,
  layers: readonly AtlasLayer[],
  shard: Shard,
): Promise<Group[]> {
  return Promise.all(
    layers.map(async ({ name, channels }) => {
      const there = new Set(await readdir(join(folder, name)));
      const missing: number[] = [];
      for (const channel of stretchOf(channels, shard)) {
        const picture = pictureName(channel);
        if (!there.has(picture) || !(await isWhole(join(folder, name, picture)))) missing.push(channel);
      }
      return { layer: name, channels: missing };
    }),
  );
}

/** A full disk, or a copy that broke off, may have left a part of one. */
async function isWhole(path: string): Promise<boolean> {
  const bytes = await readFile(path);
  return pictureKind(bytes) === "PNG" && !isCutShort("PNG", bytes);
}
