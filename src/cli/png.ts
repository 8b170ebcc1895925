/** PNG files as pixels (ISO/IEC 15948): any colour type and depth, interlaced or not, with what is transparent. */
import { pipeline } from "node:stream/promises";
import { constants, createInflate, deflateSync } from "node:zlib";
import { convertIndexedToRgb, decode } from "fast-png";
import type { Raster } from "../optvis/picture.ts";

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly interlace: number;
}

interface Chunk {
  readonly name: string;
  /** With its length, name and checksum. */
  readonly whole: Uint8Array;
  readonly data: Uint8Array;
}

/** By colour type: samples of a pixel, and bits that a sample may have (11.2.1). */
const COLOURS: Readonly<Record<number, { readonly samples: number; readonly depths: readonly number[] }>> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};
const PALETTE = 3;
/** Of what follows a colour type's own alpha, or a palette beside colours, a decoder makes no use. */
const USED: Readonly<Record<string, readonly number[]>> = {
  ...{ IHDR: [0, 2, 3, 4, 6], IDAT: [0, 2, 3, 4, 6], IEND: [0, 2, 3, 4, 6] },
  ...{ PLTE: [PALETTE], tRNS: [0, 2, PALETTE] },
};
/** Bytes that may follow the last row; some writers leave a few. */
const SPARE_BYTES = 1 << 16;

/**
 * Grey becomes RGB, palettes are looked up, 16 bits and 1 to 4 bits become 0–255 (fractions kept).
 * @throws Error that says why
 */
export async function readPng(bytes: Uint8Array): Promise<Raster> {
  const chunks = chunksOf(bytes);
  const header = headerOf(chunks);
  const used = chunks.filter(({ name }) => USED[name]?.includes(header.colour));
  expectOnce(used, header);
  const rows = await unpacked(used, header);
  if (header.interlace === 1) return ofPasses(header, used, rows());
  return decoded(used.map(({ whole }) => whole));
}

/** By the decoder, which is given no more than it needs. */
function decoded(chunks: readonly Uint8Array[]): Raster {
  return raster(decode(Buffer.concat([SIGNATURE, ...chunks])));
}

/** Those that a picture is made of, in their order, as far as the file reaches. */
function chunksOf(bytes: Uint8Array): readonly Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const whole = bytes.subarray(at, at + 12 + length);
    if (Object.hasOwn(USED, name))
      chunks.push({ name, whole, data: bytes.subarray(at + 8, at + 8 + length) });
    if (name === "IEND") break;
    at += 12 + length;
  }
  return chunks;
}

function headerOf([first]: readonly Chunk[]): Header {
  if (first?.name !== "IHDR" || first.data.length !== 13)
    throw new Error("it does not begin with its header");
  const view = new DataView(first.data.buffer, first.data.byteOffset, 13);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colour, interlace] = [view.getUint8(8), view.getUint8(9), view.getUint8(12)];
  if (!COLOURS[colour]?.depths.includes(depth)) {
    throw new Error(`its header says colour type ${colour} with ${depth} bits, which there is not`);
  }
  if (width * height === 0) throw new Error("it has no pixels");
  return { width, height, depth, colour, interlace };
}

/** The decoder would put one upon the other. */
function expectOnce(chunks: readonly Chunk[], { colour }: Header): void {
  const count = (wanted: string): number => chunks.filter(({ name }) => name === wanted).length;
  const twice = ["IHDR", "PLTE", "tRNS"].find((name) => count(name) > 1);
  if (twice !== undefined) throw new Error(`it has ${twice} twice`);
  if (colour === PALETTE && !chunks.some(({ name, data }) => name === "PLTE" && data.length >= 3))
    throw new Error("its palette is missing");
}

/**
 * A few kilobytes may unpack to gigabytes, whatever the header says.
 * @returns the rows of an interlaced picture; the decoder unpacks others itself
 * @throws Error where there is more than its rows, or less
 */
async function unpacked(chunks: readonly Chunk[], header: Header): Promise<() => Uint8Array> {
  const expected = bytesOfRows(header);
  const packed = chunks.filter(({ name }) => name === "IDAT").map((chunk) => chunk.data);
  const kept: Uint8Array[] = [];
  let length = 0;
  await pipeline(packed, createInflate({ finishFlush: constants.Z_SYNC_FLUSH }), async (pieces) => {
    for await (const piece of pieces as AsyncIterable<Uint8Array>) {
      length += piece.length;
      if (header.interlace === 1) kept.push(piece);
      if (length > expected + SPARE_BYTES)
        throw new Error(`it holds more than its ${header.width}×${header.height} pixels`);
    }
  });
  if (length < expected) throw new Error("the file ends before its picture");
  return () => Buffer.concat(kept);
}

/** Of each pass of an interlaced picture the first column and row, and the steps to the next (8.2). */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

interface Pass {
  readonly header: Header;
  readonly x: number;
  readonly y: number;
  readonly right: number;
  readonly down: number;
}

/** Those that have pixels: each is a picture of its own. */
function passesOf(header: Header): readonly Pass[] {
  return ADAM7.flatMap(([x, y, right, down]) => {
    const [width, height] = [Math.ceil((header.width - x) / right), Math.ceil((header.height - y) / down)];
    return width > 0 && height > 0
      ? [{ header: { ...header, width, height, interlace: 0 }, x, y, right, down }]
      : [];
  });
}

/** Of all rows, each after the number of its filter. */
function bytesOfRows(header: Header): number {
  const { width, height, depth, colour, interlace } = header;
  if (interlace === 1) return passesOf(header).reduce((sum, pass) => sum + bytesOfRows(pass.header), 0);
  return height * (1 + Math.ceil((width * depth * (COLOURS[colour]?.samples ?? 0)) / 8));
}

/** The decoder knows no passes whose pixels are smaller than a byte. So it decodes each pass as a picture. */
function ofPasses(header: Header, chunks: readonly Chunk[], rows: Uint8Array): Raster {
  const { width, height } = header;
  const colours = chunks.filter(({ name }) => name === "PLTE" || name === "tRNS").map(({ whole }) => whole);
  let at = 0;
  let whole: { readonly channels: 3 | 4; readonly data: Uint8Array | Float32Array } | undefined;
  for (const { header: own, x, y, right, down } of passesOf(header)) {
    const part = rows.subarray(at, at + bytesOfRows(own));
    at += part.length;
    const pass = decoded([
      writeHeader(own),
      ...colours,
      writeChunk("IDAT", deflateSync(part, { level: 0 })),
      END,
    ]);
    const { channels, data } = pass;
    whole ??= {
      channels,
      data: new (header.depth === 16 ? Float32Array : Uint8Array)(width * height * channels),
    };
    for (let i = 0; i < data.length; i++) {
      const pixel = Math.floor(i / channels);
      const [column, row] = [x + right * (pixel % own.width), y + down * Math.floor(pixel / own.width)];
      whole.data[(row * width + column) * channels + (i % channels)] = data[i] as number;
    }
  }
  return { width, height, ...(whole as NonNullable<typeof whole>) };
}

/** Without a checksum, which the decoder does not look at. */
function writeChunk(name: string, data: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(12 + data.length);
  new DataView(chunk.buffer).setUint32(0, data.length);
  chunk.set(new TextEncoder().encode(name), 4);
  chunk.set(data, 8);
  return chunk;
}

function writeHeader({ width, height, depth, colour, interlace }: Header): Uint8Array {
  const data = new Uint8Array(13);
  const view = new DataView(data.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  data.set([depth, colour, 0, 0, interlace], 8);
  return writeChunk("IHDR", data);
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const END = writeChunk("IEND", new Uint8Array());

type Decoded = ReturnType<typeof decode>;

function raster(png: Decoded): Raster {
  const { width, height, depth } = png;
  const samples = png.palette ? convertIndexedToRgb(png) : unpackSamples(png);
  const colour = png.palette ? (png.palette[0]?.length === 4 ? 4 : 3) : png.channels;
  // One grey or one colour may be named as the transparent one.
  const clear = png.palette ? undefined : png.transparency;
  const channels = colour === 2 || colour === 4 || clear ? 4 : 3;
  if (colour === channels && (depth === 8 || png.palette)) return { width, height, channels, data: samples };
  const peak = png.palette ? 255 : 2 ** depth - 1;
  const data = new (depth === 16 ? Float32Array : Uint8Array)(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const isClear = clear?.every((level, c) => samples[i * colour + c] === level);
    for (let c = 0; c < channels; c++) {
      const sample = colour >= 3 ? c : c === 3 ? 1 : 0;
      const level = c === 3 && clear ? (isClear ? 0 : peak) : (samples[i * colour + sample] ?? 0);
      data[i * channels + c] = (255 * level) / peak;
    }
  }
  return { width, height, channels, data };
}

/** Grey of 1, 2 or 4 bits comes packed into bytes, each row starting on a byte. */
function unpackSamples({ width, height, depth, data }: Decoded): ArrayLike<number> {
  if (depth >= 8) return data;
  const perByte = 8 / depth;
  const rowLength = Math.ceil(width / perByte);
  const samples = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = data[y * rowLength + Math.floor(x / perByte)] ?? 0;
      samples[y * width + x] = (byte >> (8 - depth * ((x % perByte) + 1))) & (2 ** depth - 1);
    }
  }
  return samples;
}
