import { expect, it } from "vitest";
import { finiteImage, imageSize, onePhoto } from "../../../src/methods/shared/image.ts";

const tensor = (...shape: number[]) => ({
  shape,
  data: new Float32Array(shape.reduce((product, side) => product * side, 1)),
});

it("gives batch, height and width", () => {
  expect(imageSize([2, 3, 4, 5])).toEqual([2, 4, 5]);
  expect(onePhoto(tensor(1, 3, 4, 5))).toEqual([4, 5]);
});

it("refuses what is no image, several where one is expected, and what is not finite", () => {
  for (const shape of [
    [3, 4, 5],
    [1, 4, 4, 5],
    [0, 3, 4, 5],
    [1, 3, 4, 5, 1],
  ])
    expect(() => imageSize(shape)).toThrow(`expected shape [N,3,H,W], got [${shape}]`);
  expect(() => onePhoto(tensor(2, 3, 4, 5))).toThrow("expected one image, [1,3,H,W], got [2,3,4,5]");
  const hole = tensor(1, 3, 1, 2);
  hole.data[4] = Number.NaN;
  expect(() => finiteImage(hole)).toThrow("expected finite numbers, got NaN at 4");
});
