import { describe, expect, it } from "vitest";
import type { Size } from "../../../src/model/network.ts";
import { decorrelate } from "../../../src/optvis/params/colour.ts";
import { LEVELS, laplacian } from "../../../src/optvis/params/laplacian.ts";
import { pyramidLength } from "../../reference/pyramid.ts";
import * as twin from "../../reference/twins.ts";
import { noise } from "../../support/compare.ts";

const shapeOf = ([height, width]: Size, planes: number) => ({
  batch: 1,
  planes,
  height,
  width,
  levels: LEVELS,
});

describe.each([[[1, 1]], [[7, 9]], [[16, 33]]] as const)("a pyramid of %j", (size: Size) => {
  it("has levels of half the size each", () => {
    expect(laplacian.length(size, 3)).toBe(pyramidLength(shapeOf(size, 3)));
    expect(laplacian.plane?.length(size)).toBe(pyramidLength(shapeOf(size, 1)));
  });

  it("of a picture adds up to its colours", () => {
    const rgb = noise(1, 3 * size[0] * size[1]).map((value) => 0.5 + 0.4 * value);
    const values = laplacian.fromPicture(rgb, { batch: 1, size, mean: [0, 0, 0] });
    const sum = twin.pyramid_forward(Float64Array.from(values), shapeOf(size, 3));
    for (const [i, value] of decorrelate(rgb, 3).entries()) expect(sum[i]).toBeCloseTo(value, 4);
  });

  it("of a plane adds up to it", () => {
    const plane = Float64Array.from(noise(2, size[0] * size[1]));
    const values = laplacian.plane!.fromPlane(plane, size);
    const sum = twin.pyramid_forward(Float64Array.from(values), shapeOf(size, 1));
    for (const [i, value] of plane.entries()) expect(sum[i]).toBeCloseTo(value, 5);
  });
});

it("shares the levels of up to two pixels a cycle", () => {
  // Levels of 16, 8, 4 and 2 pixels: the last two are of up to 2 cycles.
  const mask = laplacian.coarse!([16, 16], 2, 3);
  const fine = 3 * (16 * 16 + 8 * 8);
  expect(mask.slice(0, fine).every((value) => value === 0)).toBe(true);
  expect(mask.slice(fine).every((value) => value === 1)).toBe(true);
  expect(mask).toHaveLength(fine + 3 * (4 * 4 + 2 * 2));
});
