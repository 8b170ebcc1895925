import { expect, it } from "vitest";
import type { Ascent } from "../../../src/engine/run/ascent.ts";
import {
  largestByColour,
  meanGradient,
  noisy,
  onPath,
  sampleBatch,
  sumByColour,
} from "../../../src/methods/shared/samples.ts";

it("large images are run one by one, small ones by eight, and never more than there are", () => {
  const image = (side: number) => ({ shape: [1, 3, side, side], data: new Float32Array(3 * side * side) });
  expect([32, 128, 224, 512].map((side) => sampleBatch(image(side), 50))).toEqual([8, 8, 2, 1]);
  expect(sampleBatch(image(32), 3)).toBe(3);
});

it("noise follows its seed, and none of it leaves the image", () => {
  const image = Float32Array.of(0.25, 0.5, 0.75);
  expect(noisy(image, 0, 7)).toEqual(image);
  expect(noisy(image, 1, 7)).toEqual(noisy(image, 1, 7));
  expect(noisy(image, 1, 7)).not.toEqual(noisy(image, 1, 8));
});

it("the path begins at the network's zero input and ends at the image", () => {
  const image = Float32Array.of(0.25, 0.5, 1);
  expect(onPath(image, "unit", 0)).toEqual(new Float32Array(3));
  expect(onPath(image, "unit", 0.5)).toEqual(image.map((x) => x / 2));
  expect(onPath(image, "imagenet", 1)).toEqual(image);
  expect([...onPath(image, "imagenet", 0)].map((x) => Number(x.toFixed(3)))).toEqual([0.485, 0.456, 0.406]);
});

it("colours become one number a pixel", () => {
  const gradient = [1, -2, /**/ -3, 0.5, /**/ 2, 1];
  expect([...largestByColour(gradient, 2)]).toEqual([3, 2]);
  expect([...sumByColour(gradient, 2)]).toEqual([0, -0.5]);
  expect([...largestByColour([1, -2], 2)]).toEqual([1, 2]);
  expect([...sumByColour([1, -2], 2)]).toEqual([1, -2]);
});

it("the mean is over every image once, also where the last batch is not full", async () => {
  // The gradient of half the sum of squares is the image.
  const ascent = {
    plan: { batch: 2, colours: 3, size: [1, 1] },
    gradient: async (images: Float32Array) => ({ gradient: images }),
  } as unknown as Ascent;
  const done: number[] = [];
  const at = (i: number) => Float32Array.of(i, 10 * i, -i);
  const mean = await meanGradient(ascent, 3, at, (samples) => done.push(samples));
  expect([...mean].map((x) => Number(x.toFixed(12)))).toEqual([1, 10, -1]);
  expect(done).toEqual([2, 3]);
});
