/** Which variants a device can run, and the choice of one for every size. */
import { describe, expect, it } from "vitest";
import { candidates, sameAtEverySize } from "../../../src/engine/kernels/variants.ts";
import type { Gpu } from "../../../src/gpu/device.ts";
import { convVariantNames, correlation, variantOf } from "../../../src/nn/conv3x3.ts";

/** As much of a device as choosing kernels asks for. */
function adapter(name: string, features: readonly GPUFeatureName[] = []): Gpu {
  const limits = { maxStorageBufferBindingSize: 2 ** 27, maxComputeWorkgroupStorageSize: 2 ** 14 };
  return { adapterName: name, device: { features: new Set(features), limits } } as unknown as Gpu;
}

const shape = {
  batch: 1,
  inputChannels: 64,
  inputHeight: 30,
  inputWidth: 20,
  outputChannels: 128,
  padding: 1,
} as const;
const passes = (["forward", "backward_input"] as const).map((pass) => {
  return { layer: "conv2_1", pass, correlation: correlation(shape, pass), variant: "register" as const };
});

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
