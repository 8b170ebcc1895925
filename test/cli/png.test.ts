/** PNG files as this test writes them, by the standard (ISO/IEC 15948): what Pillow does not write, and what it should not. */
import { zlibSync } from "fflate";
import { describe, expect, it } from "vitest";
import { readPicture } from "../../src/cli/pictures.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const u32 = (n: number): number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];

function chunk(name: string, data: ArrayLike<number>): number[] {
  return [...u32(data.length), ...ascii(name), ...Array.from(data), 0, 0, 0, 0];
}

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: 0 | 2 | 3 | 4 | 6;
  readonly interlace?: boolean;
  /** Between the header and the data. */
  readonly others?: readonly number[];
  /** In place of the rows. */
  readonly rows?: Uint8Array;
}

const SAMPLES = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;
/** Numbers that differ, and name colours that there are. */
const level = (x: number, y: number, sample: number, depth: number): number =>
  (7 * x + 13 * y + 5 * sample + x * y) % Math.min(2 ** depth, 65_521);

/** The pixels in these columns and rows, each row after filter 0. */
function rowsOf({ depth, colour }: Picture, columns: readonly number[], rows: readonly number[]): number[] {
  return rows.flatMap((y) => {
    const samples = columns.flatMap((x) =>
      Array.from({ length: SAMPLES[colour] }, (_, sample) => level(x, y, sample, depth)),
    );
    const bits = samples.map((sample) => sample.toString(2).padStart(depth, "0")).join("");
    const bytes = bits.match(/.{1,8}/g) ?? [];
    return [0, ...bytes.map((byte) => Number.parseInt(byte.padEnd(8, "0"), 2))];
  });
}

const every = (first: number, step: number, end: number): number[] =>
  Array.from({ length: Math.max(0, Math.ceil((end - first) / step)) }, (_, i) => first + i * step);

function png(picture: Picture): Uint8Array {
  const { width, height, depth, colour, interlace = false, others = [] } = picture;
  // ISO/IEC 15948, 8.2: the first column and row of each pass, and its steps.
  const passes = interlace
    ? ["0088", "4088", "0448", "2044", "0224", "1022", "0112"].map((digits) => [...digits].map(Number))
    : [[0, 0, 1, 1]];
  const rows = passes.flatMap(([x = 0, y = 0, right = 1, down = 1]) => {
    const columns = every(x, right, width);
    return columns.length > 0 ? rowsOf(picture, columns, every(y, down, height)) : [];
  });
  const header = [...u32(width), ...u32(height), depth, colour, 0, 0, interlace ? 1 : 0];
  return Uint8Array.from([
    ...[0x89, ...ascii("PNG"), 13, 10, 26, 10],
    ...chunk("IHDR", header),
    ...others,
    ...chunk("IDAT", zlibSync(picture.rows ?? Uint8Array.from(rows))),
    ...chunk("IEND", []),
  ]);
}

const reading = (picture: Picture) => readPicture(png(picture), "x", "--image");
const colours = (depth: number) =>
  chunk(
    "PLTE",
    Array.from({ length: 3 * 2 ** depth }, (_, i) => (37 * i) % 256),
  );

describe("an interlaced picture is the same as one that is not", () => {
  const kinds = [
    ...[1, 2, 4, 8, 16].map((depth) => [0, depth] as const),
    ...[1, 2, 4, 8].map((depth) => [3, depth] as const),
    ...([2, 4, 6] as const).flatMap((colour) => [8, 16].map((depth) => [colour, depth] as const)),
  ];
  const sizes = [
    [1, 1],
    [2, 3],
    [5, 1],
    [9, 7],
    [16, 17],
  ] as const;
  it.each(kinds)("colour type %i, %i bits", async (colour, depth) => {
    for (const [width, height] of sizes) {
      const others = colour === 3 ? colours(depth) : [];
      const picture = { width, height, depth, colour, others };
      const plain = await reading(picture);
      const [grey] = [level(0, 0, 0, depth)];
      if (colour === 0) expect(plain.data[0]).toBeCloseTo((255 * grey) / (2 ** depth - 1), 3);
      expect(await reading({ ...picture, interlace: true })).toEqual(plain);
    }
  });
});

describe("transparency", () => {
  it("a grey or a colour that is named is transparent, and no other", async () => {
    const named = (levels: readonly number[]) =>
      chunk(
        "tRNS",
        levels.flatMap((n) => [n >> 8, n & 255]),
      );
    const size = { width: 6, height: 1 };
    const alpha = async (picture: Picture) => {
      const { channels, data } = await reading(picture);
      expect(channels).toBe(4);
      return Array.from({ length: 6 }, (_, i) => data[4 * i + 3]);
    };
    const grey = { ...size, depth: 2, colour: 0, others: named([level(3, 0, 0, 2)]) } as const;
    const expected = every(0, 1, 6).map((x) => (level(x, 0, 0, 2) === level(3, 0, 0, 2) ? 0 : 255));
    expect(await alpha(grey)).toEqual(expected);
    expect(await alpha({ ...grey, interlace: true })).toEqual(expected);
    for (const depth of [8, 16]) {
      const levels = [0, 1, 2].map((sample) => level(2, 0, sample, depth));
      const rgb = { ...size, depth, colour: 2, others: named(levels) } as const;
      expect(await alpha(rgb)).toEqual([255, 255, 0, 255, 255, 255]);
    }
  });

  it("is ignored where pixels have their own, and so are colours that are only suggested", async () => {
    const picture = { width: 5, height: 4, depth: 8 } as const;
    const more = [...colours(4), ...chunk("tRNS", [0, 1])];
    for (const colour of [4, 6] as const)
      expect(await reading({ ...picture, colour, others: more })).toEqual(
        await reading({ ...picture, colour }),
      );
    const rgb = { ...picture, colour: 2 } as const;
    expect(await reading({ ...rgb, others: colours(4) })).toEqual(await reading(rgb));
  });
});

describe("what a picture is not made of is not looked at", () => {
  it.each([
    ["a profile of other packing", "iCCP", [65, 0, 9, 1, 2, 3]],
    ["a profile that unpacks to 64 MB", "iCCP", [65, 0, 0, ...zlibSync(new Uint8Array(64 << 20))]],
    ["a density of the wrong length", "pHYs", [1, 2, 3]],
    ["a text that is none", "tEXt", [0, 255]],
  ])("%s", async (_, name, data) => {
    const picture = { width: 5, height: 4, depth: 8, colour: 2 } as const;
    expect(await reading({ ...picture, others: chunk(name, data) })).toEqual(await reading(picture));
  });
});

describe("is refused", () => {
  const small = { width: 1, height: 1, depth: 8, colour: 0 } as const;
  it("a pixel that unpacks to 64 MB, at once", async () => {
    const file = png({ ...small, rows: new Uint8Array(64 << 20) });
    const { arrayBuffers } = process.memoryUsage();
    const begin = performance.now();
    await expect(readPicture(file, "x", "--image")).rejects.toThrow(
      /: x: it holds more than its 1×1 pixels$/,
    );
    expect(performance.now() - begin).toBeLessThan(1000);
    expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(16 << 20);
  });

  it.each<readonly [string, Picture, RegExp]>([
    ["rows that are not there", { ...small, height: 9, rows: new Uint8Array(4) }, /ends before its picture/],
    [
      "an interlaced one without its last pass",
      { ...small, height: 9, interlace: true, rows: new Uint8Array(9) },
      /ends before/,
    ],
    [
      "a colour type that there is not",
      { ...small, colour: 5 as 0, rows: new Uint8Array(9) },
      /colour type 5 with 8 bits/,
    ],
    ["bits that a colour type does not have", { ...small, colour: 6, depth: 1 }, /colour type 6 with 1 bits/],
    ["indices without a palette", { ...small, colour: 3 }, /its palette is missing/],
    ["an empty palette", { ...small, colour: 3, others: chunk("PLTE", []) }, /its palette is missing/],
    ["two palettes", { ...small, colour: 3, others: [...colours(1), ...colours(1)] }, /it has PLTE twice/],
    ["two headers", { ...small, others: chunk("IHDR", new Uint8Array(13)) }, /it has IHDR twice/],
    ["no pixels", { ...small, width: 0 }, /it has no pixels/],
  ])("%s", async (_, picture, reason) => {
    await expect(reading(picture)).rejects.toThrow(reason);
  });

  it("a JPEG of ten thousand scans, each of which walks over all pixels", async () => {
    const frame = [0xff, 0xd8, 0xff, 0xc2, 0, 11, 8, 0x28, 0, 0x28, 0, 1, 1, 17, 0];
    const scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0];
    const file = Uint8Array.from([...frame, ...Array.from({ length: 10_000 }, () => scan).flat()]);
    await expect(readPicture(file, "x", "--image")).rejects.toThrow(
      /x: it has 10000 scans, more than any photograph$/,
    );
  });

  it("more pixels than are read, whatever the kind, before it is decoded", async () => {
    const large = png({ ...small, width: 1, height: 1 });
    large.set([0, 0, 0x40, 0, 0, 0, 0x40, 0], 16);
    const riff = (name: string, data: readonly number[]) => {
      const length = u32(data.length).reverse();
      return Uint8Array.from([...ascii("RIFF"), 0, 0, 0, 0, ...ascii(`WEBP${name}`), ...length, ...data]);
    };
    const box = (name: string, data: readonly number[]) => [...u32(8 + data.length), ...ascii(name), ...data];
    const ispe = box("ispe", [0, 0, 0, 0, ...u32(16_384), ...u32(16_384)]);
    const boxes = box("meta", [0, 0, 0, 0, ...box("iprp", box("ipco", ispe))]);
    const files = [
      large,
      riff("VP8X", [0, 0, 0, 0, 0xff, 0x3f, 0, 0xff, 0x3f, 0]),
      riff("VP8L", [0x2f, 0xff, 0xff, 0xff, 0x0f]),
      riff("VP8 ", [0, 0, 0, 0x9d, 1, 0x2a, 0xff, 0x3f, 0xff, 0x3f]),
      Uint8Array.from([...box("ftyp", [...ascii("avif"), 0, 0, 0, 0]), ...boxes]),
      Uint8Array.from([
        0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xc2, 0, 11, 8, 0x40, 0, 0x40, 0, 1, 1, 17, 0,
      ]),
    ];
    for (const file of files)
      await expect(readPicture(file, "x", "--image")).rejects.toThrow(
        /^--image: x: expected at most 120 million pixels, got 269 million$/,
      );
  });
});
