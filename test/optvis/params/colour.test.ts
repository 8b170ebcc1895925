import { describe, expect, it } from "vitest";
import {
  colourBackward,
  colourForward,
  colourMatrix,
  decorrelate,
  IDENTITY,
  logit,
} from "../../../src/optvis/params/colour.ts";
import { tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import { noise } from "../../support/compare.ts";

describe("decorrelated colours", () => {
  it("have Lucid's matrix: the root of the covariance over its largest column norm", () => {
    const largest = Math.hypot(0.26, 0.27, 0.27);
    expect(colourMatrix[0].map((value) => value * largest)).toEqual(
      [0.26, 0.09, 0.02].map((value) => expect.closeTo(value, 12)),
    );
    const norms = [0, 1, 2].map((k) => Math.hypot(...colourMatrix.map((row) => row[k]!)));
    expect(Math.max(...norms)).toBeCloseTo(1, 12);
  });

  it("of a picture make that picture again", () => {
    const rgb = noise(1, 3 * 20).map((value) => 0.5 + 0.45 * value);
    const x = tensor([1, 3, 4, 5], Float32Array.from(decorrelate(rgb, 3)));
    const made = twin.colour_forward(x, colourMatrix, [0, 0, 0]).data;
    for (const [i, value] of rgb.entries()) expect(made[i]).toBeCloseTo(value, 5);
  });
});

describe("the sigmoid's inverse", () => {
  it("is taken of numbers well within 0 and 1", () => {
    expect(logit(0.5)).toBe(0);
    expect(logit(0.75)).toBeCloseTo(Math.log(3), 12);
    expect(logit(1)).toBe(logit(1 - 1 / 1024));
    expect(logit(-1)).toBe(logit(1 / 1024));
  });
});

describe("the passes", () => {
  const images = { batch: 2, size: [5, 7], mean: [0.1, 0.2, 0.3] } as const;

  it("run over the pixels of all images, by rows of the matrix", () => {
    const forward = colourForward(images, { input: "x", output: "u" });
    expect(forward.workgroups).toEqual([2, 1, 1]);
    const rows = { red: [...colourMatrix[0], 0], green: [...colourMatrix[1], 0] };
    expect(forward.uniform).toMatchObject({ batch: 2, area: 35, mean: [0.1, 0.2, 0.3, 0], ...rows });
  });

  it("leave RGB as it is by the identity", () => {
    const back = colourBackward(images, { input: "du", output: "dx", image: "u" }, IDENTITY);
    expect(back.uniform).toMatchObject({ red: [1, 0, 0, 0], green: [0, 1, 0, 0], blue: [0, 0, 1, 0] });
  });
});
