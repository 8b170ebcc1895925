/** The sheet of examples, pixel by pixel. */
import { expect, test } from "vitest";
import { strongestFirst } from "../../../src/methods/examples.ts";
import { exampleSheet } from "../../../src/methods/shared/example-sheet.ts";

const SIZE = [4, 6] as const;
const AREA = SIZE[0] * SIZE[1];
const GUTTER = 3;

/** Red is the row, green the column, blue one number. */
function image(blue: number): Float32Array {
  return Float32Array.from({ length: 3 * AREA }, (_, i) => {
    const [colour, y, x] = [Math.floor(i / AREA), Math.floor((i % AREA) / SIZE[1]), i % SIZE[1]];
    return [y / 10, x / 10, blue][colour] as number;
  });
}

function at({ rgb, size }: ReturnType<typeof exampleSheet>, y: number, x: number): number[] {
  const [height, width] = size;
  return [0, 1, 2].map((colour) => Number(rgb[(colour * height + y) * width + x]!.toFixed(6)));
}

test("whole images stand alone, a gutter around each", () => {
  const patch = { y: 0, x: 0, height: SIZE[0], width: SIZE[1] };
  const sheet = exampleSheet(
    [0.1, 0.2, 0.3].map((blue) => ({ rgb: image(blue), patch })),
    SIZE,
  );
  // Two columns and two rows of 10×12.
  expect(sheet.size).toEqual([20, 24]);
  for (const [n, blue] of [0.1, 0.2, 0.3].entries()) {
    const [top, left] = [10 * Math.floor(n / 2), 12 * (n % 2)];
    expect(at(sheet, top + GUTTER + 3, left + GUTTER + 5)).toEqual([0.3, 0.5, blue]);
    expect(at(sheet, top + GUTTER - 1, left + GUTTER)).toEqual([0, 0, 0]);
  }
  expect(at(sheet, 10 + GUTTER, 12 + GUTTER)).toEqual([0, 0, 0]);
});

test("beside an image with a framed patch stands the patch, as large as fits", () => {
  const patch = { y: 1, x: 2, height: 2, width: 2 };
  const sheet = exampleSheet([{ rgb: image(0.5), patch }], SIZE);
  expect(sheet.size).toEqual([10, 3 * GUTTER + 2 * SIZE[1]]);
  const frame = [1, 0.75, 0];
  for (const [y, x] of [
    [0, 1],
    [0, 4],
    [3, 1],
    [3, 4],
    [1, 1],
    [2, 4],
  ] as const)
    expect(at(sheet, GUTTER + y, GUTTER + x)).toEqual(frame);
  expect(at(sheet, GUTTER + 1, GUTTER + 2)).toEqual([0.1, 0.2, 0.5]);
  expect(at(sheet, GUTTER, GUTTER)).toEqual([0, 0, 0.5]);
  // 2×2 becomes 4×4, in the middle of a field of 4×6; its corners are the patch's, without the frame.
  const left = 2 * GUTTER + SIZE[1] + 1;
  expect(at(sheet, GUTTER, left)).toEqual([0.1, 0.2, 0.5]);
  expect(at(sheet, GUTTER + 3, left + 3)).toEqual([0.2, 0.3, 0.5]);
  expect(at(sheet, GUTTER, left - 1)).toEqual([0, 0, 0]);
});

test("the strongest come first, of equals the first", () => {
  const all = [1, 3, -2, 3].map((value, index) => ({ value, index }));
  expect(strongestFirst(all).map(({ index }) => index)).toEqual([1, 3, 0, 2]);
});
