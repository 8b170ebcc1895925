import { expect, it } from "vitest";
import { background } from "../../../src/optvis/params/background.ts";
import { askedMemory } from "../../support/memory.ts";

it("is a normal spectrum that becomes colours and then RGB, by another seed in every image", () => {
  const images = { batch: 2, size: [5, 8], mean: [0, 0, 0] } as const;
  const passes = background(images, 7, { state: "state", output: "behind" }, askedMemory());
  expect(passes.map(({ kernel }) => kernel.name)).toEqual([
    ...["grain_alone", "fourier_columns_forward", "fourier_rows_forward", "colour_forward"],
  ]);
  // Op 0 draws other numbers than the transforms, whose ops begin with 1.
  expect(passes[0]?.uniform).toEqual({ count: 2 * 150, stride: 150, sigma: 0.5, seed: 7, op: 0 });
  expect(passes[0]?.live).toEqual({ seed: { key: "seed", scale: 1 } });
  expect(passes.at(-1)?.buffers).toMatchObject({ output: "behind" });
});
