/** PNG files as the element writes them, read by another decoder. */
import { decode } from "fast-png";
import { expect, test } from "vitest";
import { encodePng } from "../../src/element/png.ts";

const SIZE = [1, 3] as const;
const GREY = Float32Array.of(0, 0.5, 1.5);
const ALPHA = Float32Array.of(1, 0, 0.2);

test.each([
  ["grey", { rgb: GREY }, 1, [0, 128, 255]],
  ["grey with its opacity", { rgb: GREY, alpha: ALPHA }, 2, [0, 255, 128, 0, 255, 51]],
  ["RGB", { rgb: Float32Array.of(0, 0, 1, 0, 1, 0, 1, 0, 0) }, 3, [0, 0, 255, 0, 255, 0, 255, 0, 0]],
] as const)("%s is written with as many channels as it has", async (_, picture, channels, samples) => {
  const png = decode(await encodePng({ ...picture, size: SIZE }));
  expect([png.channels, png.depth, [...png.data]]).toEqual([channels, 8, samples]);
});
