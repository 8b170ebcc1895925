import { expect, it } from "vitest";
import { greyMap, imageAlone, mapOnPhoto } from "../../../src/methods/shared/picture.ts";

const map = { shape: [1, 1, 2, 3], data: Float32Array.of(0, 1, -2, 0.5, 1, 2) };

it("a map becomes a grey picture of its size", () => {
  const { rgb, size } = greyMap({ tensors: { map } });
  expect(size).toEqual([2, 3]);
  expect([...rgb.subarray(0, 6)]).toEqual([0, 0.5, 1, 0.25, 0.5, 1]);
  expect([...rgb.subarray(6, 12)]).toEqual([...rgb.subarray(0, 6)]);
});

it("over a photograph a place without evidence is the photograph at half its brightness", () => {
  const image = { shape: [1, 3, 2, 3], data: new Float32Array(18).fill(0.5) };
  const { rgb, size } = mapOnPhoto({ tensors: { map } }, { image });
  expect(size).toEqual([2, 3]);
  expect(rgb[0]).toBeCloseTo(0.25, 6);
  expect(rgb[2]).toBeGreaterThan(rgb[0] as number);
});

it("an image stays as it is", () => {
  const image = { shape: [1, 3, 1, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  expect(imageAlone({ tensors: { image } })).toEqual({ rgb: image.data, size: [1, 2] });
});
