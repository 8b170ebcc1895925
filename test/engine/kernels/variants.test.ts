/** Which variants a device can run, and the choice of one for every size. */
import { describe, expect, it } from "vitest";
import { candidates, sameAtEverySize } from "../../../src/engine/kernels/variants.ts";
import { convVariantNames, variantOf } from "../../../src/nn/conv3x3.ts";
import { adapter, passes } from "../../support/passes.ts";

describe("candidates", () => {
  const all: GPUFeatureName[] = ["subgroups", "shader-f16"];
  it("leave out half precision unless it is allowed, and the plain kernel", () => {
    const device = adapter("any", all).device;
    const found = candidates(device);
    expect(found).toContain("register");
    expect(found).not.toContain("plain");
    expect(found.map((variant) => variantOf(variant).precision)).not.toContain("f16");
    const halves = convVariantNames.filter((variant) => variantOf(variant).precision === "f16");
    expect(candidates(device, { f16: true })).toEqual(expect.arrayContaining(halves));
  });

  it("need what the device has", () => {
    for (const variant of candidates(adapter("bare").device)) {
      expect(variantOf(variant).features).toEqual([]);
    }
  });
});

it("holds a layer's choice for a pass at every size", () => {
  const [forward] = passes;
  const half = { ...forward!.correlation, inputHeight: 15, outputHeight: 15 };
  const choose = sameAtEverySize((_layer, _pass, { inputHeight }) =>
    inputHeight > 15 ? "workgroup" : "plain",
  );
  expect(choose("conv2_1", "forward", forward!.correlation)).toBe("workgroup");
  expect(choose("conv2_1", "forward", half)).toBe("workgroup");
  expect(choose("conv2_1", "backward_input", half)).toBe("plain");
  expect(choose("conv2_2", "forward", half)).toBe("plain");
});
