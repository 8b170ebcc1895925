/** Photographs as networks of one channel see them. */
import { expect, test } from "vitest";
import { allInColours, inColours, inRgb } from "../../src/optvis/grey.ts";

/** Two pixels: pure red and grey; pure green and blue. */
const RGB = Float32Array.of(1, 0.5, /**/ 0, 0.5, /**/ 0, 0.5);

const close = (numbers: ArrayLike<number>) => Array.from(numbers, (x) => Number(x.toFixed(6)));

test("RGB becomes its luma, as ITU-R BT.601 weighs it; equal colours stay what they are", () => {
  expect(close(inColours(RGB, 2, 1))).toEqual([0.299, 0.5]);
  expect(close(inColours(Float32Array.of(0, 0, 1, 0, 0, 1), 2, 1))).toEqual([0.587, 0.114]);
});

test("opacity stays the last plane", () => {
  expect(close(inColours(Float32Array.of(...RGB, 0.25, 1), 2, 1))).toEqual([0.299, 0.5, 0.25, 1]);
});

test("what has the network's colours already is left alone", () => {
  expect(inColours(RGB, 2, 3)).toBe(RGB);
  for (const planes of [1, 2]) {
    const grey = new Float32Array(2 * planes);
    expect(inColours(grey, 2, 1)).toBe(grey);
  }
});

test("every picture of a batch becomes grey", () => {
  const two = Float32Array.of(...RGB, 0, 0, 1, 0, 0, 1);
  expect(close(allInColours(two, 2, 2, 1))).toEqual([0.299, 0.5, 0.587, 0.114]);
  expect(allInColours(two, 2, 2, 3)).toBe(two);
  const grey = new Float32Array(4);
  expect(allInColours(grey, 2, 2, 1)).toBe(grey);
});

test("grey is shown as three equal colours", () => {
  expect([...inRgb(Float32Array.of(0.25, 1), 2)]).toEqual([0.25, 1, 0.25, 1, 0.25, 1]);
  expect(inRgb(RGB, 2)).toBe(RGB);
});
