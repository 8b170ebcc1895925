/** PNG and JPEG files as pixels, and an image as a PNG file. */

import { convertIndexedToRgb, decode as decodePng, encode as encodePng, hasPngSignature } from "fast-png";
import jpeg from "jpeg-js";
import { InputError } from "../errors.ts";
import { type Raster, toPixels } from "../optvis/picture.ts";
import { exifOrientation, orient } from "./exif.ts";

/**
 * Decodes a PNG (any colour type and depth) or a JPEG (baseline or progressive, turned upright by its
 * EXIF orientation as browsers do). The kind is told from the bytes, not from the name.
 *
 * @param name for error messages
 */
export function readPicture(bytes: Uint8Array, name: string): Raster {
  try {
    if (hasPngSignature(bytes)) return readPng(bytes);
    if (bytes[0] === 0xff && bytes[1] === 0xd8) return readJpeg(bytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`photo: cannot be read: ${name}: ${why}`, { cause });
  }
  throw new InputError(`photo: expected a PNG or a JPEG, got something else: ${name}`);
}

function readJpeg(bytes: Uint8Array): Raster {
  const { width, height, data } = jpeg.decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    maxResolutionInMP: 400,
    maxMemoryUsageInMB: 4096,
  });
  return orient({ width, height, channels: 3, data }, exifOrientation(bytes));
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
