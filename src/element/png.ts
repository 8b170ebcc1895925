/**
 * PNG (ISO/IEC 15948) of an image read back from the GPU: 8 bits a channel, RGB or grey, with alpha or without, no filter.
 * Written here rather than by a canvas, since `toBlob` of a WebGPU canvas may be blank, a 2D canvas may
 * be altered by fingerprinting protection, and neither can carry the recipe along.
 */
import { fileChannels, toPixels } from "../optvis/picture.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Colour type by the number of channels: grey, grey and alpha, RGB, RGBA. */
const COLOUR_TYPES = { 1: 0, 2: 4, 3: 2, 4: 6 } as const;

export interface PngPicture {
  /** RGB 0–1, shape (3,H,W), or grey, (1,H,W); values outside are clamped. */
  readonly rgb: Float32Array;
  /** Height and width in pixels. */
  readonly size: readonly [height: number, width: number];
  /** Opacity 0–1, shape (1,H,W), where it has one. */
  readonly alpha?: Float32Array;
}

/** CRC-32 of the PNG standard, annex D: reflected polynomial 0xEDB88320. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Rows of bytes of all channels, each behind its filter byte 0. */
function scanlines({ rgb, size, alpha }: PngPicture): Uint8Array<ArrayBuffer> {
  const height = size[0];
  const channels = fileChannels(rgb, size, alpha);
  const pixels = toPixels(rgb, size, channels, alpha);
  const row = channels * size[1];
  const lines = new Uint8Array(height * (1 + row));
  for (let y = 0; y < height; y++) lines.set(pixels.subarray(row * y, row * (y + 1)), y * (1 + row) + 1);
  return lines;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** @param text what the file says about itself, by keyword: `{ Software: "…", Description: "…" }` (UTF-8) */
export async function encodePng(
  picture: PngPicture,
  text: Readonly<Record<string, string>> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const [height, width] = picture.size;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  const channels = fileChannels(picture.rgb, picture.size, picture.alpha);
  header.set([8, COLOUR_TYPES[channels], 0, 0, 0], 8);
  // iTXt: keyword, NUL, uncompressed (0, 0), no language, no translated keyword, UTF-8 text.
  const notes = Object.entries(text).map(([keyword, value]) =>
    chunk("iTXt", new TextEncoder().encode(`${keyword}\0\0\0\0\0${value}`)),
  );
  const pixels = await deflate(scanlines(picture));
  return concatenate([
    new Uint8Array(SIGNATURE),
    chunk("IHDR", header),
    ...notes,
    chunk("IDAT", pixels),
    chunk("IEND", new Uint8Array(0)),
  ]);
}
