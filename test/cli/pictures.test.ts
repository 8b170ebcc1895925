import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import createEncoder from "@jsquash/avif/codec/enc/avif_enc.js";
import { defaultOptions } from "@jsquash/avif/meta.js";
import { initEmscriptenModule } from "@jsquash/avif/utils.js";
import { decode } from "fast-png";
import { afterAll, describe, expect, it, vi } from "vitest";
import { listImages } from "../../src/cli/image-list.ts";
import { readPhoto } from "../../src/cli/images.ts";
import { readPicture, writePicture } from "../../src/cli/pictures.ts";
import { InputError } from "../../src/errors.ts";
import { upright } from "../../src/optvis/orientation.ts";
import { fitPhoto } from "../../src/optvis/picture.ts";
import avifs from "../fixtures/avif.json" with { type: "json" };
import fixtures from "../fixtures/pictures.json" with { type: "json" };
import { ROOT } from "../stacks/environment.ts";
import { turnedAvif, turnedWebp } from "../support/turned-pictures.ts";

interface Encoder {
  encode(data: Uint8Array, width: number, height: number, options: object): Uint8Array;
}

const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));

/** Three by two pixels of one colour, written by Pillow as `Image.new("CMYK", (3, 2), (10, 20, 30, 40))`. */
const CMYK =
  "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAQCwwODAoQDg0OEhEQExgoGhgWFhgxIyUdKDozPTw5Mzg3QEhcTkBEV0U3" +
  "OFBtUVdfYmdoZz5NcXlwZHhcZWdj/8AAFAgAAgADBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAAB" +
  "AgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNi" +
  "coIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SV" +
  "lpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4E" +
  "QwBNAFkASwAAPwDu67auxrrK/9k=";

describe("readPicture", () => {
  it.each(fixtures)("reads $name as Pillow does", async ({ name, file, width, height, pixels }) => {
    const picture = await readPicture(bytes(file), name, "--image");
    expect([picture.width, picture.height]).toEqual([width, height]);
    // At its own size the photo is unchanged but for transparency over white.
    const image = fitPhoto(picture, [height, width]);
    const expected = bytes(pixels);
    const area = width * height;
    let worst = 0;
    for (let i = 0; i < 3 * area; i++) {
      const value = 255 * (image[(i % 3) * area + Math.floor(i / 3)] as number);
      worst = Math.max(worst, Math.abs(value - (expected[i] as number)));
    }
    // 16 bits and transparency are rounded there; JPEGs have the same levels here, since libjpeg decodes them there.
    expect(worst).toBeLessThanOrEqual(/^png|alpha/.test(name) ? 0.51 : 1e-4);
  });

  const file = (wanted: string) => bytes(fixtures.find(({ name }) => name === wanted)!.file);
  const reading = (data: Uint8Array) => readPicture(data, "x", "--image");

  it("refuses what it does not read, by its name and with what to do", async () => {
    await expect(reading(new Uint8Array(0))).rejects.toThrow(
      /^--image: expected one of PNG, JPEG, WebP, AVIF, got something else: x$/,
    );
    const begins = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
    for (const [begin, name] of [
      ["GIF89a", "GIF"],
      ["BM", "BMP"],
      ["II*\0", "TIFF"],
      ["MM\0*", "TIFF"],
      ["\0\0\0\x18ftypheic\0\0\0\0mif1", "HEIC, as iPhones save it"],
    ] as const) {
      const refused = reading(begins(begin));
      await expect(refused).rejects.toThrow(`got ${name}: x`);
      await expect(refused).rejects.toMatchObject({ remedy: "save it as a JPEG or a PNG" });
    }
  });

  it("reads an AVIF as near as it was written, and refuses one that is cut short", async () => {
    const [width, height] = [24, 16];
    const rgba = Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) => {
      const [x, y] = [Math.floor(i / 4) % width, Math.floor(i / 4 / width)];
      return [20 + 8 * x, 30 + 11 * y, 120, 255][i % 4]!;
    });
    const wasm = readFileSync(join(ROOT, "node_modules/@jsquash/avif/codec/enc/avif_enc.wasm"));
    const code = new WebAssembly.Module(wasm);
    const encoder = await initEmscriptenModule(createEncoder as never, code, {});
    const options = { ...defaultOptions, quality: 95, qualityAlpha: -1, subsample: 3 };
    const written = (encoder as Encoder).encode(new Uint8Array(rgba.buffer), width, height, options);
    const file = Uint8Array.from(written);
    const picture = await reading(file);
    expect([picture.width, picture.height, picture.channels]).toEqual([width, height, 4]);
    const worst = rgba.reduce((most, x, i) => Math.max(most, Math.abs(x - picture.data[i]!)), 0);
    expect(worst).toBeLessThan(8);
    await expect(reading(file.subarray(0, file.length / 2))).rejects.toThrow(/cannot be read: x/);
    const webp = bytes(fixtures.find(({ name }) => name === "webp, lossy")!.file);
    await expect(reading(webp.subarray(0, webp.length / 2))).rejects.toThrow(/cannot be read: x/);
  });

  it.each(["png RGB", "jpeg 4:4:4", "jpeg 4:2:0, progressive"])(
    "refuses a %s that is cut short",
    async (name) => {
      const whole = file(name);
      for (const length of [60, whole.length - 20]) {
        const refused = reading(whole.subarray(0, length));
        await expect(refused).rejects.toThrow(InputError);
        await expect(refused).rejects.toThrow(
          /^--image: cannot be read: x: .*(ends before its picture|no image)/,
        );
      }
    },
  );

  it("turns a WebP as its EXIF says", async () => {
    const plain = await reading(file("webp, lossless"));
    for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const turned = await reading(turnedWebp(file("webp, lossless"), [5, 7], orientation));
      expect(turned).toEqual(upright(plain, orientation));
    }
  });

  it("turns and mirrors an AVIF as its properties say", async () => {
    const avif = bytes(avifs[0]!.file);
    const plain = await reading(avif);
    for (const [turns, orientation] of [1, 8, 3, 6].entries())
      expect(await reading(turnedAvif(avif, "irot", turns))).toEqual(upright(plain, orientation));
    for (const [axis, orientation] of [4, 2].entries())
      expect(await reading(turnedAvif(avif, "imir", axis))).toEqual(upright(plain, orientation));
    const both = turnedAvif(turnedAvif(avif, "irot", 1), "imir", 0);
    expect(await reading(both)).toEqual(upright(upright(plain, 8), 4));
  });

  it("says why zlib refuses a PNG", async () => {
    const damaged = file("png RGB");
    damaged[60] = 255 - damaged[60]!;
    await expect(reading(damaged)).rejects.toThrow(/: x: .*invalid/);
  });

  it("reads a JPEG that lacks nothing but its last marker", async () => {
    const whole = file("jpeg 4:4:4");
    expect(await reading(whole.subarray(0, -2))).toEqual(await reading(whole));
  });

  it("says that it reads no CMYK, and what to do", async () => {
    await expect(reading(bytes(CMYK))).rejects.toThrow(/CMYK.*convert it to RGB/);
  });

  it("refuses a JPEG that says it is larger than memory, at once", async () => {
    const huge = file("jpeg 4:4:4");
    // The start of frame: marker, length, precision, then height and width of two bytes each.
    const frame = huge.findIndex((byte, i) => byte === 0xff && huge[i + 1] === 0xc0);
    huge.fill(0xfe, frame + 5, frame + 9);
    await expect(reading(huge)).rejects.toThrow(/x: expected at most 120 million pixels, got 4262 million$/);
  });
});

describe("readPhoto", () => {
  const folder = mkdtempSync(join(tmpdir(), "ascent-pictures-"));
  const save = (wanted: string, name: string) => {
    const path = join(folder, name);
    writeFileSync(path, bytes(fixtures.find(({ name }) => name === wanted)!.file));
    return path;
  };
  const clear = save("png RGBA", "clear.png");
  afterAll(() => rmSync(folder, { recursive: true }));

  it("tells that a transparent picture is shown on white, and nothing of an opaque one", async () => {
    const told: string[] = [];
    const tell = (text: string) => void told.push(text);
    await readPhoto(clear, [5, 7], "--target", tell);
    await readPhoto(save("png RGB", "opaque.png"), [5, 7], "--target", tell);
    expect(told).toEqual([`--target: ${clear} is transparent, and shown on white`]);
  });

  it("tells so once of a folder", async () => {
    save("png grey with alpha", "also-clear.png");
    const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const { images } = await listImages([folder], [5, 7], [224, 224]);
    for (const image of images) await image.read();
    const said = stderr.mock.calls.map(([text]) => text);
    stderr.mockRestore();
    expect(said).toEqual([
      expect.stringMatching(/^ascent: --images: .*is transparent, and shown on white.*\n$/),
    ]);
  });
});

describe("writePicture", () => {
  it("writes round(255·clamp(x, 0, 1)), halves up, into an 8-bit RGB PNG", () => {
    const rgb = [-1, 0, 0.5 / 255, 1.4999 / 255, 0.5, 1, 1.5, 2.5 / 255, 3.5 / 255, 0.999, 1e-9, 254.6 / 255];
    const png = decode(writePicture(Float32Array.from(rgb), [2, 2]));
    expect([png.width, png.height, png.depth, png.channels]).toEqual([2, 2, 8, 3]);
    // Planes R, G, B of four pixels each; the file interleaves them. 0.5/255 and its like are float32 here.
    const level = (x: number): number => Math.floor(255 * Math.min(1, Math.max(0, Math.fround(x))) + 0.5);
    const planes = rgb.map(level);
    expect([...png.data]).toEqual([0, 1, 2, 3].flatMap((i) => [planes[i], planes[4 + i], planes[8 + i]]));
    expect(planes.slice(0, 2)).toEqual([0, 0]);
    expect(planes.slice(4, 7)).toEqual([128, 255, 255]);
  });
});
