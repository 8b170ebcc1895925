import { expect, it } from "vitest";
import { pixel } from "../../../src/optvis/params/pixel.ts";

const images = { batch: 1, size: [1, 2], mean: [0.1, 0.2, 0.3] } as const;

it("is the image itself, RGB less the mean", () => {
  expect(pixel.length([5, 7], 3)).toBe(105);
  const values = pixel.fromPicture(Float32Array.of(0.5, 1, 0.5, 1, 0.5, 1), images);
  expect([...values]).toEqual([0.4, 0.9, 0.3, 0.8, 0.2, 0.7].map((value) => expect.closeTo(value, 6)));
});

it("starts from noise of a hundredth", () => {
  let drawn = 0;
  const values = pixel.noise(() => ++drawn, images.size, 3);
  expect([...values]).toEqual([1, 2, 3, 4, 5, 6].map((value) => expect.closeTo(value / 100, 7)));
});

it("has an opacity plane as it is, four times as steep", () => {
  expect(pixel.plane?.slope).toBe(4);
  expect([...pixel.plane!.fromPlane(Float64Array.of(1, -2), [1, 2])]).toEqual([1, -2]);
});
