import { describe, expect, it } from "vitest";
import type { Size } from "../../../src/model/network.ts";
import { colourMatrix } from "../../../src/optvis/params/colour.ts";
import {
  fourier,
  inverseTransform,
  spectrumLength,
  spectrumScale,
} from "../../../src/optvis/params/fourier.ts";
import { tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import { noise } from "../../support/compare.ts";
import { askedMemory } from "../../support/memory.ts";

describe("the scale of frequencies", () => {
  it("is √(W·H) over the frequency, over 4", () => {
    const scale = spectrumScale([4, 4]);
    // Below 1/4 cycles a pixel it stays: √16 / ¼ / 4.
    expect(scale[0]).toBeCloseTo(4, 12);
    expect(scale[1]).toBeCloseTo(4, 12);
    expect(scale[2]).toBeCloseTo(2, 12);
  });
});

describe("numbers", () => {
  it("are real and imaginary, of H rows and ⌊W/2⌋+1 columns a plane", () => {
    expect(spectrumLength(3, [5, 8])).toBe(3 * 5 * 5 * 2);
    expect(fourier.length([5, 7], 3)).toBe(3 * 5 * 4 * 2);
    expect(fourier.plane?.length([5, 7])).toBe(5 * 4 * 2);
  });

  it.each([[[4, 6]], [[5, 7]], [[1, 1]]] as const)("of a picture of %j make it again", (size: Size) => {
    const [height, width] = size;
    const mean = [0.4, 0.5, 0.6];
    const rgb = noise(1, 3 * height * width).map((value) => 0.5 + 0.4 * value);
    const values = Float64Array.from(fourier.fromPicture(rgb, { batch: 1, size, mean }));
    const shape = { planes: 3, height, width };
    const half = twin.fourier_columns_forward(values, spectrumScale(size), shape);
    const colours = tensor([1, 3, height, width], twin.fourier_rows_forward(half, shape));
    const image = twin.colour_forward(colours, colourMatrix, mean).data;
    for (const [i, value] of rgb.entries())
      expect(image[i]! + mean[Math.floor(i / (height * width))]!).toBeCloseTo(value, 4);
  });

  it("start from noise of Lucid's deviation", () => {
    expect(fourier.noise(() => 1, [2, 2], 3)[0]).toBeCloseTo(0.01, 8);
  });
});

describe("the inverse transform", () => {
  it("goes through columns, then rows, and back the other way round", () => {
    const memory = askedMemory();
    const shape = { planes: 6, size: [5, 8] as const };
    const { forward, backward } = inverseTransform(shape, { scale: "scale", scalePlanes: 1 }, memory);
    const names = [...forward("s", "x"), ...backward("dx", "ds")].map(({ kernel }) => kernel.name);
    expect(names).toEqual([
      ...["fourier_columns_forward", "fourier_rows_forward"],
      ...["fourier_rows_backward", "fourier_columns_backward"],
    ]);
    expect([...memory.tables.keys()]).toEqual(["turns.5", "turns.8"]);
    expect(memory.buffers.get("spectrum.half")).toBe(8 * 6 * 5 * 5);
  });
});
