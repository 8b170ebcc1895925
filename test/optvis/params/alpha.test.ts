import { describe, expect, it } from "vitest";
import { InputError } from "../../../src/errors.ts";
import {
  alphaOf,
  alphaPlane,
  alphaStart,
  compositePasses,
  opacityPasses,
  planAlpha,
} from "../../../src/optvis/params/alpha.ts";
import { logit } from "../../../src/optvis/params/colour.ts";
import { askedMemory } from "../../support/memory.ts";

const plane = alphaPlane({ alpha: true, param: "pixel" })!;

describe("the alpha channel", () => {
  it("has the basis of the colours, where that makes planes", () => {
    expect(alphaPlane({ alpha: false, param: "cppn" })).toBeUndefined();
    expect(alphaPlane({ alpha: true, param: "fourier" })?.slope).toBe(1);
    const refused = () => alphaPlane({ alpha: true, param: "maco" });
    expect(refused).toThrow(InputError);
    expect(refused).toThrow("images of maco parameters have no fourth plane");
  });

  it("starts half opaque, or near it", () => {
    expect([...alphaStart(plane, "zeros", () => 1, [1, 2])]).toEqual([0, 0]);
    expect(alphaStart(plane, "noise", () => 1, [1, 2])[1]).toBeCloseTo(0.01, 8);
  });

  it("takes a picture's opacity, opaque where there is none", () => {
    const values = alphaOf(plane, [0, 0.5, 0.75, 1], [2, 2]);
    const expected = [0, 0.5, 0.75, 1].map((opacity) => logit(opacity) / 4);
    expect([...values]).toEqual(expected.map((value) => expect.closeTo(value, 6)));
    expect(alphaOf(plane, undefined, [1, 1])[0]).toBeCloseTo(logit(1) / 4, 6);
  });

  it("goes from its numbers to opacity, and back", () => {
    const images = { batch: 2, size: [4, 8], mean: [0, 0, 0] } as const;
    const passes = planAlpha(images, plane, "image", askedMemory());
    expect(passes.values).toBe("image.logits");
    expect(passes.forward.map(({ kernel }) => kernel.name)).toEqual(["opacity_forward"]);
    expect(passes.backward.map(({ kernel }) => kernel.name)).toEqual(["opacity_backward"]);
    expect(passes.forward[0]?.buffers).toEqual({ logits: "image.logits", opacity: "image.alpha" });
  });
});

it("the passes run over every pixel", () => {
  const names = { logits: "t", alpha: "a", gradient: "da", output: "dt" };
  expect(opacityPasses({ count: 65, slope: 4 }, names).forward.workgroups).toEqual([2, 1, 1]);
  const buffers = {
    ...{ image: "u", alpha: "a", background: "b", composite: "c", gradient: "du", alphaGradient: "da" },
  };
  const { forward, backward } = compositePasses({ batch: 2, size: [5, 7], mean: [0, 0, 0] }, true, buffers);
  expect(forward.uniform).toMatchObject({ count: 70, area: 35, plain: 1 });
  // The gradient is found where the composite was.
  expect(backward.buffers).toMatchObject({ gradient: "c", output: "du", opacity: "da" });
});
