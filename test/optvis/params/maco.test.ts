import { expect, it } from "vitest";
import { coloursSpectrum } from "../../../src/optvis/params/fourier.ts";
import { maco } from "../../../src/optvis/params/maco.ts";
import { noise } from "../../support/compare.ts";
import { askedMemory } from "../../support/memory.ts";

const size = [5, 8] as const;

it("has a phase for each colour and frequency", () => {
  expect(maco.length(size, 3)).toBe(3 * 5 * 5);
});

it("takes the phase of a picture", () => {
  const rgb = noise(1, 3 * 40).map((value) => 0.5 + 0.4 * value);
  const phases = maco.fromPicture(rgb, { batch: 1, size, mean: [0, 0, 0] });
  const spectrum = coloursSpectrum(rgb, size);
  for (const [i, phase] of phases.entries()) {
    const [re, im] = [spectrum[2 * i]!, spectrum[2 * i + 1]!];
    const length = Math.hypot(re, im);
    expect(length * Math.cos(phase)).toBeCloseTo(re, 4);
    expect(length * Math.sin(phase)).toBeCloseTo(im, 4);
  }
});

it("keeps the magnitude of natural images, one table for the three colours", () => {
  const memory = askedMemory();
  maco.plan({ batch: 2, size, mean: [0, 0, 0] }, { image: "u", gradient: "du" }, memory);
  expect(memory.tables.get("spectrum.magnitude")).toHaveLength(3 * 5 * 5);
});
