import { describe, expect, it } from "vitest";
import { choicesOf } from "../../../src/optvis/field.ts";
import { paramOf, paramsWith } from "../../../src/optvis/params/param.ts";
import { recipeFields } from "../../../src/optvis/recipe-fields.ts";
import { askedMemory } from "../../support/memory.ts";

const images = { batch: 2, size: [5, 8], mean: [0.4, 0.5, 0.6] } as const;
const ends = { image: "image", gradient: "gradient" };

describe.each(choicesOf(recipeFields.param))("%s", (kind) => {
  const param = paramOf(kind);

  it("makes the image from its values, and the values' gradient from the image's", () => {
    const memory = askedMemory();
    const { values, gradient, forward, backward } = param.plan(images, ends, memory);
    const named = (dispatches: typeof forward) => dispatches.flatMap(({ buffers }) => Object.values(buffers));
    if (forward.length === 0) {
      // The values are the image.
      expect([values, gradient, backward]).toEqual(["image", "gradient", []]);
      return;
    }
    expect(named(forward)).toEqual(expect.arrayContaining([values, "image"]));
    expect(named(backward)).toEqual(expect.arrayContaining(["gradient", gradient]));
    expect(named(forward)).not.toContain(gradient);
    const bytes = 4 * images.batch * param.length(images.size, 3);
    expect([memory.buffers.get(values), memory.buffers.get(gradient)]).toEqual([bytes, bytes]);
  });

  it("starts from as many numbers as it has", () => {
    const length = param.length(images.size, 3);
    expect(param.noise(() => 1, images.size, 3)).toHaveLength(length);
    if (param.zeros) expect(param.zeros(() => 1, images.size, 3)).toHaveLength(length);
    if (param.coarse) expect(param.coarse(images.size, 2, 3)).toHaveLength(length);
  });

  it("shares nothing at no frequency, and ever more up to all", () => {
    if (!param.coarse) return;
    const shared = [0, 1, 2, 4, 100].map((cycles) => [...param.coarse!(images.size, cycles, 3)]);
    for (const [i, mask] of shared.entries()) {
      expect(mask.every((value) => value === 0 || value === 1)).toBe(true);
      const before = shared[i - 1];
      if (before) expect(mask.every((value, at) => value >= before[at]!)).toBe(true);
    }
    expect(shared.at(-1)!.every((value) => value === 1)).toBe(true);
  });
});

describe("the kinds that can do something", () => {
  it("are said as a list", () => {
    expect(paramsWith(({ coarse }) => coarse !== undefined)).toBe("fourier, laplacian or maco");
    expect(paramsWith(({ plane }) => plane !== undefined)).toBe("pixel, fourier or laplacian");
    expect(paramsWith(({ draw }) => draw !== undefined)).toBe("cppn");
    expect(paramsWith(() => false)).toBe("");
  });
});
