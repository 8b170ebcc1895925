/** JPEG files as pixels, decoded by mozjpeg (libjpeg-turbo) in WebAssembly: level by level what libjpeg makes of them. */

import createDecoder from "@jsquash/jpeg/codec/dec/mozjpeg_dec.js";
import wasm from "@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm?url&inline";
import type { Raster } from "../optvis/picture.ts";
import { decodeBy, type Pixels, startDecoder } from "./wasm-decoder.ts";

interface Decoder {
  decode(file: Uint8Array, upright: boolean): ImageData | null;
}

const END_OF_IMAGE = [0xff, 0xd9];
const START_OF_SCAN = Buffer.from([0xff, 0xda]);
/** Progressive ones have ten or so, each of which is a walk over all pixels. */
const MOST_SCANS = 100;

/**
 * Baseline or progressive, colour or grey, turned upright by its EXIF orientation.
 *
 * @throws Error that says why, for files that are damaged, cut short, too large, or of inks (CMYK)
 */
export async function readJpeg(bytes: Uint8Array): Promise<Raster> {
  const scans = scansOf(bytes);
  if (scans > MOST_SCANS) throw new Error(`it has ${scans} scans, more than any photograph`);
  const said: string[] = [];
  const decoder = await startDecoder<Decoder>(createDecoder, wasm, (line) => said.push(line));
  // What lacks nothing but its last marker has all its pixels; what lacks data although it has one is cut short.
  const file = new Uint8Array(bytes.length + END_OF_IMAGE.length);
  file.set(bytes);
  file.set(END_OF_IMAGE, bytes.length);
  const picture = decodeBy(() => decoder.decode(file, true));
  const isWhole = END_OF_IMAGE.every((byte, i) => bytes[bytes.length - 2 + i] === byte);
  if (picture && !said.some((line) => /premature end/i.test(line))) return withoutAlpha(picture);
  throw new Error(picture ? CUT_SHORT : reason(said.at(-1), isWhole));
}

/** Of the picture and of smaller ones in the same file: packed data never holds these two bytes. */
function scansOf(bytes: Uint8Array): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let scans = 0;
  for (let at = buffer.indexOf(START_OF_SCAN); at >= 0; at = buffer.indexOf(START_OF_SCAN, at + 2)) scans++;
  return scans;
}

const CUT_SHORT = "the file ends before its picture";

/** From libjpeg's last words, of which there are none where memory ran out. */
function reason(line: string | undefined, isWhole: boolean): string {
  if (line === undefined) return "it needs more memory than its decoder has, 2 GB";
  if (/color conversion/.test(line)) return "its colours are CMYK or the like; convert it to RGB";
  return isWhole ? line : CUT_SHORT;
}

/** RGB in the same memory: a JPEG is opaque. */
function withoutAlpha({ width, height, data }: Pixels): Raster {
  const area = width * height;
  for (let i = 1; i < area; i++) {
    for (let c = 0; c < 3; c++) data[3 * i + c] = data[4 * i + c] as number;
  }
  return { width, height, channels: 3, data: data.subarray(0, 3 * area) };
}
