/**
 * Every kind of photograph, by the browsers and by the command line: the same pixels, or a refusal that says what is
 * wrong and what to do.
 */
import { encode } from "fast-png";
import type { Browser, Page } from "puppeteer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPicture } from "../../src/cli/pictures.ts";
import type { decodePhoto } from "../../src/element/photo.ts";
import { InputError } from "../../src/errors.ts";
import { fitPhoto, type Raster } from "../../src/optvis/picture.ts";
import avifs from "../fixtures/avif.json" with { type: "json" };
import { noiseImage } from "../fixtures/hashing.ts";
import pictures from "../fixtures/pictures.json" with { type: "json" };
import { launch } from "../stacks/browser.ts";
import { stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { type Server, startServer } from "../stacks/server.ts";
import { joined } from "../support/hostile/mutate.ts";
import { turnedAvif, turnedWebp } from "../support/turned-pictures.ts";

const TIMEOUT = 120_000;
const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));
const ascii = (text: string): Uint8Array => Uint8Array.from(text, (it) => it.charCodeAt(0));
const named = (wanted: string): Uint8Array => {
  const found = [...pictures, ...avifs].find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`no picture ${wanted}`);
  return bytesOf(found.file);
};

/** Levels of noise, so that a pixel in the wrong place is seen. */
function noisePng(seed: number, width: number, height: number, channels: 3 | 4, depth: 8 | 16): Uint8Array {
  const peak = 2 ** depth - 1;
  const levels = noiseImage(seed, [height * width * channels]).map((x) => Math.round(x * peak));
  const data = depth === 8 ? Uint8Array.from(levels) : Uint16Array.from(levels);
  return encode({ width, height, data, channels, depth });
}

/** With a chunk behind its header. */
function withChunk(png: Uint8Array, name: string, data: Uint8Array): Uint8Array {
  const body = joined(ascii(name), data);
  const [length, check] = [new Uint8Array(4), new Uint8Array(4)];
  new DataView(length.buffer).setUint32(0, data.length);
  new DataView(check.buffer).setUint32(0, crc32(body));
  return joined(png.slice(0, 33), length, body, check, png.slice(33));
}

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

interface Photo {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Levels of 255 that a pixel may differ by: on white, and where each of two decoders rounds. */
  readonly most: number;
}

/**
 * 8 bits without transparency have the same levels. 16 bits become 8 in a browser: half a level where it rounds, a level
 * where it cuts. A browser's canvas holds colours times opacity in whole levels: half a level, and half a one again where it
 * takes them apart. Decoders of lossy files differ in their arithmetic, and in how they enlarge colours of half the
 * resolution, which no standard says. The encoder of AVIF marks opacity as of limited range, which AVIF does not allow:
 * one browser believes it.
 */
const PHOTOS: readonly Photo[] = [
  ...pictures.map(({ name, file }) => ({
    name,
    bytes: bytesOf(file),
    most: /alpha|RGBA|transparency/.test(name)
      ? 1.01
      : /16 bits/.test(name)
        ? 0.51
        : /lossy|4:2:0/.test(name)
          ? 3
          : 0.01,
  })),
  ...avifs.map(({ name, file }) => ({
    name: `avif ${name}`,
    bytes: bytesOf(file),
    most: /alpha/.test(name) ? 20 : /4:2:0/.test(name) ? 8 : 3,
  })),
  { name: "png of noise", bytes: noisePng(1, 57, 33, 3, 8), most: 0.01 },
  { name: "png of noise with alpha", bytes: noisePng(2, 57, 33, 4, 8), most: 1.01 },
  { name: "png of noise, 16 bits", bytes: noisePng(3, 57, 33, 3, 16), most: 1 },
  { name: "png larger than a tile", bytes: noisePng(4, 2051, 3, 3, 8), most: 0.01 },
  { name: "png higher than a tile", bytes: noisePng(5, 2, 4099, 3, 8), most: 0.01 },
  {
    name: "png with a gamma",
    bytes: withChunk(noisePng(6, 9, 7, 3, 8), "gAMA", Uint8Array.of(0, 1, 0x86, 0xa0)),
    most: 0.01,
  },
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((orientation) => ({
    name: `webp, EXIF orientation ${orientation}`,
    bytes: turnedWebp(named("webp, lossless"), [5, 7], orientation),
    most: 0.01,
  })),
  ...[0, 1, 2, 3].map((turns) => ({
    name: `avif, turned ${turns} times`,
    bytes: turnedAvif(named("4:4:4"), "irot", turns),
    most: 3,
  })),
  ...[0, 1].map((axis) => ({
    name: `avif, mirrored ${axis}`,
    bytes: turnedAvif(named("4:4:4"), "imir", axis),
    most: 3,
  })),
  {
    name: "avif, turned and mirrored",
    bytes: turnedAvif(turnedAvif(named("4:4:4"), "irot", 1), "imir", 0),
    most: 3,
  },
];

/** Two frames of 2×1: red and blue, then both green. */
const GIF = joined(
  ascii("GIF89a"),
  Uint8Array.of(2, 0, 1, 0, 0x91, 0, 0, 255, 0, 0, 0, 0, 255, 0, 255, 0, 0, 0, 0),
  Uint8Array.of(0x21, 0xf9, 4, 4, 10, 0, 0, 0, 0x2c, 0, 0, 0, 0, 2, 0, 1, 0, 0, 2, 2, 0x44, 0x0a, 0),
  Uint8Array.of(0x21, 0xf9, 4, 4, 10, 0, 0, 0, 0x2c, 0, 0, 0, 0, 2, 0, 1, 0, 0, 2, 2, 0x94, 0x0a, 0, 0x3b),
);

/** 1×2, its lower row first: blue, and over it red. */
const BMP = joined(
  ascii("BM"),
  Uint8Array.of(62, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 24, 0),
  new Uint8Array(24),
  Uint8Array.of(255, 0, 0, 0, 0, 0, 255, 0),
);

const HUGE = joined(
  ascii("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"),
  Uint8Array.of(0, 0, 0x80, 0, 0, 0, 0x80, 0, 8, 2, 0, 0, 0),
  new Uint8Array(4),
);

const cut = (bytes: Uint8Array): Uint8Array => bytes.slice(0, bytes.length - 12);

/** What the page says, or nothing where it shows it; what the command line says. */
const REFUSED: readonly (readonly [
  name: string,
  bytes: Uint8Array,
  page: RegExp | undefined,
  cli: RegExp,
])[] = [
  ...["png RGB", "jpeg 4:4:4", "jpeg 4:2:0, progressive", "webp, lossless", "webp, lossy", "4:4:4"].map(
    (name) =>
      [
        `a cut ${name}`,
        cut(named(name)),
        /^photo x: the file ends before its picture/,
        /cannot be read: x/,
      ] as const,
  ),
  ["a cut GIF", GIF.slice(0, 40), /^photo x: the file ends before its picture/, /got GIF: x/],
  ["a cut BMP", cut(BMP), /^photo x: the file ends before its picture/, /got BMP: x/],
  [
    "HEIC",
    joined(ascii("\0\0\0\x18ftypheic\0\0\0\0mif1heic"), new Uint8Array(200)),
    /^photo x: expected a picture this browser can decode, got HEIC, as iPhones save it/,
    /got HEIC, as iPhones save it: x/,
  ],
  [
    "TIFF",
    joined(ascii("II*\0"), new Uint8Array(200)),
    /^photo x: expected a picture this browser can decode, got TIFF/,
    /got TIFF: x/,
  ],
  [
    "no picture",
    ascii("a text"),
    /^photo x: expected a picture this browser can decode$/,
    /got something else: x/,
  ],
  [
    "nothing",
    new Uint8Array(),
    /^photo x: expected a picture this browser can decode$/,
    /got something else: x/,
  ],
  [
    "a billion pixels",
    HUGE,
    /^photo x: expected at most 120 million pixels, got 1074 million$/,
    /x: expected at most 120 million pixels, got 1074 million$/,
  ],
  ["a GIF", GIF, undefined, /got GIF: x/],
  ["a BMP", BMP, undefined, /got BMP: x/],
];

interface Decoded {
  readonly width: number;
  readonly height: number;
  /** RGBA in base64. */
  readonly data: string;
}

interface Refusal {
  readonly message: string;
  readonly remedy: string;
}

/** In the page. */
async function decodeThere(base64: string, name: string): Promise<Decoded | Refusal> {
  const decode = (window as unknown as { decodePhoto: typeof decodePhoto }).decodePhoto;
  const bytes = Uint8Array.from(atob(base64), (it) => it.charCodeAt(0));
  try {
    const { width, height, data } = await decode(new File([bytes], name));
    return {
      width,
      height,
      data: btoa(Array.from(data as Uint8ClampedArray, (it) => String.fromCharCode(it)).join("")),
    };
  } catch (error) {
    const { message, remedy = "" } = error as InputError;
    return { message, remedy };
  }
}

const onWhite = (picture: Raster): Float32Array => fitPhoto(picture, [picture.height, picture.width]);

for (const browserName of ["chromium", "firefox"] as const) {
  const skip = !stackEnvironment(browserName).available || !wantedStacks().includes(browserName);

  describe.skipIf(skip)(`photographs in ${browserName}`, { timeout: TIMEOUT }, () => {
    let browser: Browser;
    let server: Server;
    let page: Page;

    beforeAll(async () => {
      server = await startServer();
      browser = await launch(browserName);
      page = await browser.newPage();
      page.setDefaultTimeout(TIMEOUT);
      await page.goto(`${server.url}/test/element/photo.html`);
      await page.waitForFunction(() => "decodePhoto" in window);
    }, TIMEOUT);
    afterAll(async () => {
      await browser?.close();
      await server?.close();
    }, TIMEOUT);

    const decoded = (bytes: Uint8Array) =>
      page.evaluate(decodeThere, Buffer.from(bytes).toString("base64"), "x");

    it.each(PHOTOS)("$name: as on the command line", async ({ name, bytes, most }) => {
      const there = await decoded(bytes);
      const here = await readPicture(bytes, name, "--image");
      expect(there).toMatchObject({ width: here.width, height: here.height });
      const { width, height, data } = there as Decoded;
      const seen = onWhite({ width, height, channels: 4, data: bytesOf(data) });
      const expected = onWhite(here);
      const worst = seen.reduce(
        (worst, x, i) => Math.max(worst, 255 * Math.abs(x - (expected[i] as number))),
        0,
      );
      expect(worst).toBeLessThanOrEqual(most);
    });

    it.each(REFUSED)("%s", async (_, bytes, said, saidHere) => {
      const there = await decoded(bytes);
      if (said === undefined) expect(there).toHaveProperty("data");
      else {
        expect((there as Refusal).message).toMatch(said);
        expect((there as Refusal).remedy).toMatch(/^(Save|Choose|Copy|save)/);
      }
      const here = await readPicture(bytes, "x", "--image").catch((error: unknown) => error);
      expect(here).toBeInstanceOf(InputError);
      expect((here as InputError).message).toMatch(saidHere);
    });

    it("shows the first frame of a GIF, and a BMP the right way round", async () => {
      const gif = (await decoded(GIF)) as Decoded;
      expect([...bytesOf(gif.data)]).toEqual([255, 0, 0, 255, 0, 0, 255, 255]);
      const bmp = (await decoded(BMP)) as Decoded;
      expect([...bytesOf(bmp.data)]).toEqual([255, 0, 0, 255, 0, 0, 255, 255]);
    });
  });
}
