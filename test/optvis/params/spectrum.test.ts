import { describe, expect, it } from "vitest";
import { bins, frequencyNorms, lowBins, realTransform, turns } from "../../../src/optvis/params/spectrum.ts";
import { noise } from "../../support/compare.ts";

describe("frequencies", () => {
  it("are ⌊W/2⌋+1 along the width", () => {
    expect([1, 2, 3, 8, 9].map((width) => bins([4, width]))).toEqual([1, 2, 2, 5, 5]);
  });

  it("are those of numpy's fftfreq and rfftfreq", () => {
    // hypot(fftfreq(4)[:, None], rfftfreq(3)[None]): rows 0, ¼, −½, −¼ and columns 0, ⅓.
    const [a, b] = [Math.hypot(0.25, 1 / 3), Math.hypot(0.5, 1 / 3)];
    const expected = [0, 1 / 3, 0.25, a, 0.5, b, 0.25, a];
    for (const [i, norm] of frequencyNorms([4, 3]).entries()) expect(norm).toBeCloseTo(expected[i]!, 12);
    // fftfreq(3) is 0, ⅓, −⅓.
    expect([...frequencyNorms([3, 1])].map((norm) => Number(norm.toFixed(6)))).toEqual([
      0, 0.333333, 0.333333,
    ]);
  });

  it("up to some cycles along the longer side are marked, in every plane", () => {
    // Of 4×3, cycles are 4 times those a pixel: only 0 and ±1 down the rows are at most 1.
    const one = [1, 0, 1, 0, 0, 0, 1, 0];
    expect([...lowBins([4, 3], 1, { planes: 1, times: 1 })]).toEqual(one);
    const twice = one.flatMap((value) => [value, value]);
    expect([...lowBins([4, 3], 1, { planes: 2, times: 2 })]).toEqual([...twice, ...twice]);
  });
});

describe("turns", () => {
  it("are cosines and sines, exact at quarters", () => {
    expect([...turns(4)]).toEqual([1, 0, 0, 1, -1, 0, 0, -1]);
    const table = turns(7);
    for (let m = 0; m < 7; m++) {
      expect(table[2 * m]).toBeCloseTo(Math.cos((2 * Math.PI * m) / 7), 14);
      expect(table[2 * m + 1]).toBeCloseTo(Math.sin((2 * Math.PI * m) / 7), 14);
    }
  });
});

describe("the transform of a real plane", () => {
  it.each([
    [1, 1],
    [4, 6],
    [5, 7],
    [3, 8],
  ])("of %i×%i is its sum over all pixels", (height, width) => {
    const x = noise(3, height * width);
    const got = realTransform(x, [height, width]);
    const columns = bins([height, width]);
    for (let l = 0; l < height; l++) {
      for (let k = 0; k < columns; k++) {
        let [re, im] = [0, 0];
        for (const [at, value] of x.entries()) {
          const angle = -2 * Math.PI * ((l * Math.floor(at / width)) / height + (k * (at % width)) / width);
          re += value * Math.cos(angle);
          im += value * Math.sin(angle);
        }
        expect(got[2 * (l * columns + k)]).toBeCloseTo(re, 10);
        expect(got[2 * (l * columns + k) + 1]).toBeCloseTo(im, 10);
      }
    }
  });
});
