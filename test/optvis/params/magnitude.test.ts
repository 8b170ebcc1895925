import { describe, expect, it } from "vitest";
import { magnitude } from "../../../src/optvis/params/magnitude.ts";
import measured from "../../../weights/magnitude.json" with { type: "json" };

const { side, mean } = measured;
const columns = side / 2 + 1;

describe("the magnitude of natural images", () => {
  it("is what was measured, at the size it was measured at", () => {
    const all = magnitude([side, side], 3);
    for (const plane of [0, 1, 2]) {
      for (const [l, k] of [
        [0, 0],
        [1, 0],
        [5, 7],
        [side / 2, columns - 1],
      ] as const) {
        const got = all[(plane * side + l) * columns + k];
        expect(got).toBeCloseTo(mean[plane]![l * columns + k]!, 6);
      }
    }
  });

  it("is the same at opposite frequencies", () => {
    const all = magnitude([12, 10], 3);
    for (let l = 1; l < 12; l++)
      for (let k = 0; k < 6; k++) expect(all[l * 6 + k]).toBe(all[(12 - l) * 6 + k]);
  });

  it("grows with the size, so that the contrast stays", () => {
    // At half the side the frequencies are every second one, and a transform sums a quarter of the pixels.
    const half = magnitude([side / 2, side / 2], 3);
    const small = side / 4 + 1;
    expect(half[0]).toBeCloseTo(mean[0]![0]! / 2, 6);
    expect(half[3 * small + 2]).toBeCloseTo(mean[0]![6 * columns + 4]! / 2, 6);
  });

  it("is interpolated between the measured frequencies", () => {
    const twice = magnitude([2 * side, 2 * side], 3);
    expect(twice[1]).toBeCloseTo(2 * ((mean[0]![0]! + mean[0]![1]!) / 2), 6);
  });
});
