/** JPEG files as pixels, decoded by mozjpeg (libjpeg-turbo) in WebAssembly: level by level what libjpeg makes of them. */

import createDecoder from "@jsquash/jpeg/codec/dec/mozjpeg_dec.js";
import wasm from "@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm?url&inline";
import { initEmscriptenModule } from "@jsquash/jpeg/utils.js";
import type { Raster } from "../optvis/picture.ts";

const END_OF_IMAGE = [0xff, 0xd9];

/**
 * Baseline or progressive, colour or grey, turned upright by its EXIF orientation.
 *
 * @throws Error that says why, for files that are damaged, cut short, too large, or of inks (CMYK)
 */
export async function readJpeg(bytes: Uint8Array): Promise<Raster> {
  const said: string[] = [];
  const decoder = await startDecoder((line) => said.push(line));
  // What lacks nothing but its last marker has all its pixels; what lacks data although it has one is cut short.
  const file = new Uint8Array(bytes.length + END_OF_IMAGE.length);
  file.set(bytes);
  file.set(END_OF_IMAGE, bytes.length);
  const picture = decode(decoder, file);
  const isWhole = END_OF_IMAGE.every((byte, i) => bytes[bytes.length - 2 + i] === byte);
  if (picture && !said.some((line) => /premature end/i.test(line))) return withoutAlpha(picture);
  throw new Error(picture ? CUT_SHORT : reason(said.at(-1), isWhole));
}

const CUT_SHORT = "the file ends before its picture";

/** From libjpeg's last words, of which there are none where memory ran out. */
function reason(line: string | undefined, isWhole: boolean): string {
  if (line === undefined) return "it needs more memory than its decoder has, 2 GB";
  if (/color conversion/.test(line)) return "its colours are CMYK or the like; convert it to RGB";
  return isWhole ? line : CUT_SHORT;
}

type Decoder = Awaited<ReturnType<typeof startDecoder>>;

/**
 * A decoder is for one picture: after an error it is of no more use, and its memory never shrinks.
 *
 * @param tell is handed libjpeg's warnings (the first of a picture) and errors
 */
function startDecoder(tell: (line: string) => void) {
  const module = new WebAssembly.Module(Buffer.from(wasm.slice(wasm.indexOf(",") + 1), "base64"));
  // The types leave this option of Emscripten out.
  return initEmscriptenModule(createDecoder, module, { printErr: tell } as object);
}

/** What the decoder makes: RGBA, 8 bits. */
class Pixels {
  constructor(
    readonly data: Uint8ClampedArray,
    readonly width: number,
    readonly height: number,
  ) {}
}

/** @returns nothing where it cannot be decoded; why not, the decoder has said */
function decode(decoder: Decoder, file: Uint8Array<ArrayBuffer>): Pixels | undefined {
  // The decoder makes an ImageData, which Node does not have.
  const own = Reflect.getOwnPropertyDescriptor(globalThis, "ImageData");
  Reflect.defineProperty(globalThis, "ImageData", { value: Pixels, configurable: true });
  try {
    return decoder.decode(file, true) ?? undefined;
  } catch {
    // An exit status, or a bare number.
    return undefined;
  } finally {
    if (own) Reflect.defineProperty(globalThis, "ImageData", own);
    else Reflect.deleteProperty(globalThis, "ImageData");
  }
}

/** RGB in the same memory: a JPEG is opaque. */
function withoutAlpha({ width, height, data }: Pixels): Raster {
  const area = width * height;
  for (let i = 1; i < area; i++) {
    for (let c = 0; c < 3; c++) data[3 * i + c] = data[4 * i + c] as number;
  }
  return { width, height, channels: 3, data: data.subarray(0, 3 * area) };
}
