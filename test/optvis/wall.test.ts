import { expect, it } from "vitest";
import { hangWall, wallSize } from "../../src/optvis/wall.ts";

it.each([
  [1, 1, 1],
  [2, 2, 1],
  [3, 2, 2],
  [4, 2, 2],
  [5, 3, 2],
  [10, 4, 3],
])("a wall of %d has %d columns and %d rows", (batch, columns, rows) => {
  expect(wallSize(batch, [2, 3])).toEqual({ columns, width: 3 * columns, height: 2 * rows });
});

it("hangs images side by side, row by row, colour by colour", () => {
  // Three images of 1×2 pixels; numbers say image, colour, column.
  const images = Float32Array.from(
    [0, 1, 2].flatMap((n) => [0, 1, 2].flatMap((c) => [0, 1].map((x) => 100 * n + 10 * c + x))),
  );
  const { rgb, size } = hangWall(images, 3, [1, 2]);
  expect(size).toEqual([2, 4]);
  const plane = (c: number) => [
    10 * c,
    10 * c + 1,
    100 + 10 * c,
    101 + 10 * c,
    200 + 10 * c,
    201 + 10 * c,
    0,
    0,
  ];
  expect([...rgb]).toEqual([...plane(0), ...plane(1), ...plane(2)]);
  const clear = hangWall(images, 3, [1, 2], Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6));
  expect(clear.rgb).toEqual(rgb);
  expect(clear.alpha).toEqual(Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0, 0));
  expect(hangWall(images.subarray(0, 6), 1, [1, 2])).toEqual({ rgb: images.subarray(0, 6), size: [1, 2] });
});

it("hangs grey images in grey", () => {
  const { rgb, size } = hangWall(Float32Array.of(1, 2, 3, 4, 5, 6), 3, [1, 2]);
  expect(size).toEqual([2, 4]);
  expect([...rgb]).toEqual([1, 2, 3, 4, 5, 6, 0, 0]);
});
