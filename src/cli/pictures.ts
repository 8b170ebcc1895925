/** PNG, JPEG, WebP and AVIF files as pixels, and an image as a PNG file. */

import { encode as encodePng } from "fast-png";
import { InputError } from "../errors.ts";
import { pngOrientation, upright } from "../optvis/orientation.ts";
import { fileChannels, type Raster, toPixels } from "../optvis/picture.ts";
import { kindInWords, type PictureKind, pictureKind } from "../optvis/picture-kind.ts";
import { expectPicture } from "../optvis/picture-size.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { RECIPE_KEYWORD } from "../optvis/recipe-picture.ts";
import { readJpeg } from "./jpeg.ts";
import { readPng } from "./png.ts";

/** By the kind: each turned upright as its file says, as browsers do. */
const READERS: Partial<Record<PictureKind, (bytes: Uint8Array<ArrayBuffer>) => Promise<Raster>>> = {
  PNG: async (bytes) => upright(await readPng(bytes), pngOrientation(bytes)),
  JPEG: readJpeg,
  WebP: async (bytes) => (await import("./webp.ts")).readWebp(bytes),
  AVIF: async (bytes) => (await import("./avif.ts")).readAvif(bytes),
};

/**
 * Decodes a PNG (any colour type and depth), a JPEG (baseline or progressive), a WebP or an AVIF, upright. The kind is
 * told from the bytes, not from the name.
 *
 * @param name for error messages
 * @param flag that named it, for error messages
 * @throws InputError for files that are none of them, damaged, or cut short
 */
export async function readPicture(bytes: Uint8Array, name: string, flag: string): Promise<Raster> {
  const kind = pictureKind(bytes);
  const read = kind && READERS[kind];
  if (kind === undefined || read === undefined) {
    const expected = Object.keys(READERS).join(", ");
    const got = kind === undefined ? "something else" : kindInWords(kind);
    throw new InputError(`${flag}: expected one of ${expected}, got ${got}: ${name}`, {
      ...(kind !== undefined && { remedy: "save it as a JPEG or a PNG" }),
    });
  }
  expectPicture(kind, bytes, `${flag}: ${name}`);
  try {
    return await read(Uint8Array.from(bytes));
  } catch (cause) {
    throw new InputError(`${flag}: cannot be read: ${name}: ${reason(cause)}`, { cause });
  }
}

/** Of a decoder's error, with what caused it; a decoder of PNGs that runs off the file's end says so in its own terms. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof RangeError && /DataView|typed array/.test(error.message))
    return "the file ends before its picture";
  const message = error.message.replace(/:\s*$/, "");
  return error.cause === undefined ? message : `${message}: ${reason(error.cause)}`;
}

/**
 * A PNG of one image.
 *
 * @param rgb RGB in 0–1 units, (3, height, width), or grey, (1, height, width); clamped here
 * @param alpha its opacity in 0–1, (1, height, width), where it has one
 * @param recipe that draws it: the file carries it
 */
export function writePicture(
  rgb: Float32Array,
  size: readonly [height: number, width: number],
  alpha?: Float32Array,
  recipe?: Recipe,
): Uint8Array {
  const [height, width] = size;
  const channels = fileChannels(rgb, size, alpha);
  const text = recipe && { Software: "Ascent", [RECIPE_KEYWORD]: latinJson(recipe) };
  const data = toPixels(rgb, size, channels, alpha);
  return encodePng({ width, height, data, channels, depth: 8, ...(text && { text }) });
}

/** JSON of ASCII alone: the encoder writes chunks of Latin-1. */
function latinJson(value: unknown): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[^ -~]/g, escaped);
}
