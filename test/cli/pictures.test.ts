import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.ts";
import { readPicture, writePicture } from "../../src/node/pictures.ts";
import { fitPhoto } from "../../src/optvis/picture.ts";
import fixtures from "../fixtures/pictures.json" with { type: "json" };

const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));

describe("readPicture", () => {
  it.each(fixtures)("reads $name as Pillow does", ({ name, file, width, height, pixels }) => {
    const picture = readPicture(bytes(file), name);
    expect([picture.width, picture.height]).toEqual([width, height]);
    // At its own size the photo is unchanged but for transparency over white.
    const image = fitPhoto(picture, [height, width]);
    const expected = bytes(pixels);
    // PNG has one answer, rounded here. JPEG decoders differ in the inverse DCT, and ours repeats subsampled
    // colour where libjpeg interpolates it: up to a pixel off, and the scene changes by 8.4 a pixel.
    const tolerance = name.startsWith("png") ? 0.51 : name.includes("4:2:0") ? 8.4 : 3;
    const area = width * height;
    let worst = 0;
    for (let i = 0; i < 3 * area; i++) {
      const value = 255 * (image[(i % 3) * area + Math.floor(i / 3)] as number);
      worst = Math.max(worst, Math.abs(value - (expected[i] as number)));
    }
    expect(worst).toBeLessThanOrEqual(tolerance);
  });

  it("refuses what is neither PNG nor JPEG, and files cut short", () => {
    expect(() => readPicture(new TextEncoder().encode("GIF89a"), "x.gif")).toThrow(InputError);
    expect(() => readPicture(new Uint8Array(0), "empty.png")).toThrow(InputError);
    for (const { name, file } of fixtures.filter(({ name }) => /^(png RGB|jpeg 4:4:4)$/.test(name))) {
      const whole = bytes(file);
      expect(() => readPicture(whole.subarray(0, 60), name)).toThrow(InputError);
    }
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
