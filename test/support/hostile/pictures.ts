/** Photographs that are damaged, or that claim what they do not hold, for the decoders of the command line. */
import { zlibSync } from "fflate";
import { readPicture } from "../../../src/cli/pictures.ts";
import { pictureKind } from "../../../src/optvis/picture-kind.ts";
import { MOST_PIXELS, pixelsOf } from "../../../src/optvis/picture-size.ts";
import { expectTyped, type HostileFile, type Kind } from "./kind.ts";
import { damaged, joined } from "./mutate.ts";
import { EVIL_NUMBERS, type Random, someName } from "./random.ts";
import type { Seeds } from "./seeds.ts";

/** Bytes and nanoseconds of the processor that a pixel may take, of those that the header says. */
const PER_PIXEL = { bytes: 24, ns: 400 } as const;

const latin1 = (value: string): Uint8Array => Uint8Array.from(value, (it) => it.charCodeAt(0) & 255);
const u32 = (value: number): Uint8Array =>
  Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);

/** A number as these formats write it, the highest byte first, over whatever is there. */
function withNumber(random: Random, bytes: Uint8Array): Uint8Array {
  const width = random.pick([1, 2, 2, 4, 4]);
  if (bytes.length < width) return bytes;
  const own = new Uint8Array(bytes);
  const near = BigInt(bytes.length + random.below(9) - 4);
  const value = random.pick([...EVIL_NUMBERS, near, near, BigInt(random.below(40))]);
  const at = random.below(random.chance(0.7) ? Math.min(own.length, 700) : own.length);
  for (let i = 0; i < width && at + i < own.length; i++)
    own[at + i] = Number((value >> BigInt(8 * (width - 1 - i))) & 255n);
  return own;
}

const hurt = (random: Random, bytes: Uint8Array, donor = bytes, keep = 2): Uint8Array =>
  random.chance(0.4) ? withNumber(random, bytes) : damaged(random, bytes, donor, keep);

/** Parts of a file, of which some are left out, doubled, moved, or damaged. */
function shuffled(random: Random, parts: readonly Uint8Array[], donors: readonly Uint8Array[]): Uint8Array {
  const own = [...parts];
  for (let times = 1 + random.below(3); times > 0 && own.length > 0; times--) {
    const at = random.below(own.length);
    const part = own[at] as Uint8Array;
    const change = random.below(5);
    if (change === 0) own.splice(at, 1);
    else if (change === 1) own.splice(random.below(own.length + 1), 0, part);
    else if (change === 2) own.splice(random.below(own.length + 1), 0, random.pick(donors));
    else own[at] = hurt(random, part, random.pick(donors), 0);
  }
  return joined(...own);
}

/** A side of a picture: small, seldom of many pixels, or absurd. */
const side = (random: Random): number =>
  random.chance(0.7)
    ? random.below(40)
    : random.chance(0.9)
      ? random.pick([0, 1, 255, 2000, 70_000, 0x7fffffff, 0xffffffff])
      : 11_000;

function chunk(name: string, data: Uint8Array, length = data.length): Uint8Array {
  return joined(u32(length), latin1(name), data, u32(0));
}

function zeros(random: Random): Uint8Array {
  return new Uint8Array(
    random.pick([0, 1, 64, 4096, random.chance(0.03) ? 24 << 20 : 300_000, random.below(2000)]),
  );
}

/** Chunks of every name that decoders look at, in their order or in none. */
function madePng(random: Random): Uint8Array {
  const depth = random.chance(0.9) ? random.pick([1, 2, 4, 8, 8, 16]) : random.below(256);
  const colour = random.chance(0.9) ? random.pick([0, 2, 3, 4, 6]) : random.below(256);
  const [width, height] = [side(random), side(random)];
  const last = [0, 0, random.chance(0.8) ? random.below(2) : random.below(9)];
  const header = joined(u32(width), u32(height), Uint8Array.of(depth, colour, ...last));
  const packed = zlibSync(zeros(random), { level: 6 });
  const exif = joined(latin1(random.pick(["MM", "II"])), random.bytes(random.below(30)));
  const keyword = joined(latin1(`${someName(random).slice(0, 90)}\0`), Uint8Array.of(random.below(2)));
  const others = random.list(4, () =>
    random.pick([
      () => chunk("PLTE", random.bytes(random.pick([0, 3, 6, 48, 768, 7, 3000]))),
      () => chunk("tRNS", random.bytes(random.pick([0, 1, 2, 6, 16, 256, 999]))),
      () => chunk("eXIf", exif),
      () => chunk(random.pick(["iCCP", "zTXt"]), joined(keyword, zlibSync(zeros(random)))),
      () => chunk(random.pick(["tEXt", "pHYs", "gAMA", "acTL"]), random.bytes(random.below(30))),
      () => chunk("IHDR", header),
    ])(),
  );
  const cut = random.below(packed.length + 1);
  const data = random.chance(0.5)
    ? [chunk("IDAT", packed)]
    : [chunk("IDAT", packed.slice(0, cut)), chunk("IDAT", packed.slice(cut))];
  const lie = random.chance(0.1)
    ? [chunk("IDAT", packed, Number(random.pick(EVIL_NUMBERS) & 0xffffffffn))]
    : [];
  const end = random.chance(0.95) ? [chunk("IEND", new Uint8Array())] : [];
  const parts = [chunk("IHDR", header), ...others, ...data, ...lie, ...end];
  return joined(latin1("\x89PNG\r\n\x1a\n"), ...parts);
}

/** Chunks with four bytes of length before their name, four after their data. */
function pngParts(bytes: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts = [bytes.slice(0, 8)];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + view.getUint32(at);
    parts.push(bytes.slice(at, end));
    at = end;
  }
  return parts;
}

/** Segments of a JPEG; the last one is its scans. */
function jpegParts(bytes: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts = [bytes.slice(0, 2)];
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    const end = at + 2 + view.getUint16(at + 2);
    parts.push(bytes.slice(at, end));
    at = end;
  }
  return [...parts, bytes.slice(at)];
}

/** Chunks of a RIFF file, after its twelve bytes. */
function riffParts(bytes: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts = [bytes.slice(0, 12)];
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length + (length % 2);
    parts.push(bytes.slice(at, end));
    at = end;
  }
  return parts;
}

/** With a canvas, frames and other chunks of its own around a picture. */
function madeWebp(random: Random, picture: readonly Uint8Array[]): Uint8Array {
  const three = (n: number): number[] => [n & 255, (n >>> 8) & 255, (n >>> 16) & 255];
  const riff = (name: string, data: Uint8Array): Uint8Array => {
    const length = u32(random.chance(0.95) ? data.length : Number(random.pick(EVIL_NUMBERS) & 0xffffffffn));
    return joined(latin1(name), length.reverse(), data, new Uint8Array(data.length % 2));
  };
  const sides = random.chance(0.5) ? [23, 15] : [random.pick([0, 6, 23, 20_000, 0xffffff]), random.below(30)];
  const canvas = riff("VP8X", Uint8Array.of(random.below(64), 0, 0, 0, ...sides.flatMap(three)));
  const frame = (): Uint8Array => {
    const head = Uint8Array.of(...[0, 0, 23, 15, random.below(99)].flatMap(three), random.below(4));
    return riff("ANMF", joined(head, ...picture));
  };
  const others = random.list(4, () =>
    random.pick([
      () => riff("ALPH", random.bytes(random.below(50))),
      () => riff(random.pick(["EXIF", "XMP ", "ICCP", "ANIM"]), random.bytes(random.below(50))),
      frame,
    ])(),
  );
  const body = joined(latin1("WEBP"), canvas, ...others, ...picture);
  return joined(latin1("RIFF"), u32(body.length).reverse(), body);
}

/** Boxes of a file, those in `meta` among them each alone. */
function boxParts(bytes: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = Math.max(8, view.getUint32(at));
    const isMeta = String.fromCharCode(...bytes.subarray(at + 4, at + 8)) === "meta";
    const end = isMeta ? at + 12 : at + length;
    parts.push(bytes.slice(at, end));
    at = end;
  }
  return parts;
}

/** Scans without end over as many pixels as are let through: each walks over all of them. */
function manyScans(random: Random, parts: readonly Uint8Array[]): Uint8Array {
  const scans = parts.at(-1) as Uint8Array;
  const count = random.pick([2, 50, 500, random.chance(0.1) ? 20_000 : 2000]);
  const segments = parts.slice(0, -1).map((part) => {
    if (part[1] !== 0xc2 || random.chance(0.7)) return part;
    const big = new Uint8Array(part);
    big.set([8, 0, 8, 0], 5);
    return big;
  });
  const scan = scans.slice(0, 60);
  return joined(...segments, ...Array.from({ length: count }, () => scan), scans);
}

const picked = (random: Random, { pictures }: Seeds, kind: keyof Seeds["pictures"]): Uint8Array =>
  random.pick(pictures[kind]);

const photographs = (make: (random: Random, seeds: Seeds) => Uint8Array): Kind => ({
  make: (random, seeds) => ({ name: "file", bytes: make(random, seeds) }),
  async read({ bytes }) {
    try {
      const { width, height, channels, data } = await readPicture(bytes, "file", "--image");
      const expected = width * height * channels;
      if (!(expected > 0) || data.length !== expected)
        throw new Error(`${data.length} numbers for ${width}×${height}×${channels}`);
      return "opened";
    } catch (error) {
      expectTyped(error);
      return "refused";
    }
  },
  besides({ bytes }: HostileFile) {
    const kind = pictureKind(bytes);
    const pixels = kind === undefined ? 0 : pixelsOf(kind, bytes);
    const counted = pixels > MOST_PIXELS ? 0 : pixels;
    return { bytes: PER_PIXEL.bytes * counted, ms: (PER_PIXEL.ns * counted) / 1e6 };
  },
});

/** By the decoders' names. */
export const pictureKinds = {
  png: photographs((random, seeds) => {
    const good = picked(random, seeds, "png");
    const how = random.below(4);
    if (how === 0) return hurt(random, good, picked(random, seeds, "png"), 8);
    if (how === 1) return shuffled(random, pngParts(good), pngParts(picked(random, seeds, "png")));
    const made = madePng(random);
    return random.chance(0.2) ? hurt(random, made, good, 8) : made;
  }),
  jpeg: photographs((random, seeds) => {
    const good = picked(random, seeds, "jpeg");
    const how = random.below(20);
    if (how < 9) return hurt(random, good, picked(random, seeds, "jpeg"));
    if (how === 9) return manyScans(random, jpegParts(good));
    return shuffled(random, jpegParts(good), jpegParts(picked(random, seeds, "jpeg")));
  }),
  webp: photographs((random, seeds) => {
    const good = picked(random, seeds, "webp");
    const how = random.below(3);
    if (how === 0) return hurt(random, good, picked(random, seeds, "webp"), 12);
    if (how === 1) return shuffled(random, riffParts(good), riffParts(picked(random, seeds, "webp")));
    const made = madeWebp(random, riffParts(good).slice(1));
    return random.chance(0.2) ? hurt(random, made, good, 12) : made;
  }),
  avif: photographs((random, seeds) => {
    const good = picked(random, seeds, "avif");
    if (random.chance(0.6)) return hurt(random, good, picked(random, seeds, "avif"), 12);
    return shuffled(random, boxParts(good), boxParts(picked(random, seeds, "avif")));
  }),
} as const;
