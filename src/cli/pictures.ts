/** PNG, JPEG, WebP and AVIF files as pixels, and an image as a PNG file. */

import { convertIndexedToRgb, decode as decodePng, encode as encodePng } from "fast-png";
import { InputError } from "../errors.ts";
import { type Raster, toPixels } from "../optvis/picture.ts";
import { readJpeg } from "./jpeg.ts";
import { pngOrientation, upright } from "./orientation.ts";
import { otherKind, pictureKind, READ } from "./picture-kind.ts";

/**
 * Decodes a PNG (any colour type and depth), a JPEG (baseline or progressive), both turned upright by their EXIF
 * orientation as browsers do, a WebP or an AVIF. The kind is told from the bytes, not from the name.
 *
 * @param name for error messages
 * @param flag that named it, for error messages
 * @throws InputError for files that are none of them, damaged, or cut short
 */
export async function readPicture(bytes: Uint8Array, name: string, flag: string): Promise<Raster> {
  try {
    switch (pictureKind(bytes)) {
      case "PNG":
        return upright(readPng(bytes), pngOrientation(bytes));
      case "JPEG":
        return await readJpeg(bytes);
      case "WebP":
        return await (await import("./webp.ts")).readWebp(Uint8Array.from(bytes));
      case "AVIF":
        return await (await import("./avif.ts")).readAvif(Uint8Array.from(bytes));
    }
  } catch (cause) {
    throw new InputError(`${flag}: cannot be read: ${name}: ${reason(cause)}`, { cause });
  }
  const other = otherKind(bytes);
  throw new InputError(`${flag}: expected one of ${READ}, got ${other ?? "something else"}: ${name}`, {
    ...(other !== undefined && { remedy: "save it as a JPEG or a PNG" }),
  });
}

/** Of a decoder's error, with what caused it; a decoder of PNGs that runs off the file's end says so in its own terms. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof RangeError && /DataView|typed array/.test(error.message))
    return "the file ends before its picture";
  const message = error.message.replace(/:\s*$/, "");
  return error.cause === undefined ? message : `${message}: ${reason(error.cause)}`;
}

/** Grey becomes RGB, palettes are looked up, 16 bits and 1 to 4 bits become 0–255 (fractions kept). */
function readPng(bytes: Uint8Array): Raster {
  const png = decodePng(bytes);
  const { width, height } = png;
  const colour = png.palette ? (png.palette[0]?.length === 4 ? 4 : 3) : png.channels;
  const samples = png.palette ? convertIndexedToRgb(png) : unpackSamples(png);
  const peak = png.palette ? 255 : 2 ** png.depth - 1;
  const channels = colour === 2 || colour === 4 ? 4 : 3;
  const data = new Float32Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < channels; c++) {
      const sample = colour >= 3 ? c : c === 3 ? 1 : 0;
      data[i * channels + c] = (255 * (samples[i * colour + sample] ?? 0)) / peak;
    }
  }
  return { width, height, channels, data };
}

/** Grey of 1, 2 or 4 bits comes packed into bytes, each row starting on a byte. */
function unpackSamples(png: ReturnType<typeof decodePng>): ArrayLike<number> {
  const { width, height, depth, data } = png;
  if (depth >= 8) return data;
  const perByte = 8 / depth;
  const rowBytes = Math.ceil(width / perByte);
  const samples = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = data[y * rowBytes + Math.floor(x / perByte)] ?? 0;
      samples[y * width + x] = (byte >> (8 - depth * ((x % perByte) + 1))) & (2 ** depth - 1);
    }
  }
  return samples;
}

/**
 * A PNG of one image.
 *
 * @param rgb RGB in 0–1 units, (3, height, width); clamped here
 * @param alpha its opacity in 0–1, (1, height, width), where it has one
 */
export function writePicture(
  rgb: Float32Array,
  size: readonly [height: number, width: number],
  alpha?: Float32Array,
): Uint8Array {
  const [height, width] = size;
  const channels = alpha ? 4 : 3;
  return encodePng({ width, height, data: toPixels(rgb, size, channels, alpha), channels, depth: 8 });
}
