import { expect, test } from "vitest";
import { centre, onePosition, withinBorder } from "../../../src/optvis/terms/rectangle.ts";

const shape = { channels: 3, height: 5, width: 8 };

test.each([
  [undefined, { width: 8, first: 0, columns: 8, count: 40 }],
  [0, { width: 8, first: 0, columns: 8, count: 40 }],
  [1, { width: 8, first: 9, columns: 6, count: 18 }],
  [2, { width: 8, first: 18, columns: 4, count: 4 }],
])("within a border of %s", (border, expected) => {
  expect(withinBorder(shape, border)).toEqual(expected);
});

test("one position, and the centre", () => {
  expect(onePosition(shape, [4, 7])).toEqual({ width: 8, first: 39, columns: 1, count: 1 });
  expect(centre(shape)).toEqual([2, 4]);
  expect(centre({ channels: 3, height: 1, width: 1 })).toEqual([0, 0]);
});
