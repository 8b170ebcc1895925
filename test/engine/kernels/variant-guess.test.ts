/** What a first start runs: the table by adapter, unless somebody pinned something. */
import { describe, expect, it } from "vitest";
import { chooseVariants } from "../../../src/engine/kernels/variant-choice.ts";
import { guessFor } from "../../../src/engine/kernels/variant-guess.ts";
import type { AdapterTraits } from "../../../src/gpu/adapter.ts";
import type { Gpu } from "../../../src/gpu/device.ts";
import { type ConvShape, correlation } from "../../../src/nn/conv3x3.ts";
import { LLVMPIPE, SWIFTSHADER, UNNAMED } from "../../support/adapters.ts";

function passOf(inputChannels: number, outputChannels: number, side: number) {
  const shape: ConvShape = {
    ...{ batch: 1, inputChannels, outputChannels, padding: 1 },
    ...{ inputHeight: side, inputWidth: side },
  };
  return correlation(shape, "forward");
}

describe("the guess", () => {
  const guess = (info: AdapterTraits | undefined, shape = passOf(64, 64, 56)) =>
    guessFor(info)("conv2_1", "forward", shape);

  it("is of the adapter's kind, and of an unknown one what suits any", () => {
    expect(guess(LLVMPIPE)).toBe("winograd4_16x16");
    expect(guess(SWIFTSHADER)).toBe("winograd4_16x8");
    expect(guess({ vendor: "nvidia" })).toBe("winograd4_8x8");
    expect(guess({ vendor: "arm" })).toBe("workgroup");
    for (const unknown of [undefined, UNNAMED]) expect(guess(unknown)).toBe("winograd4_16x8");
  });

  it.each([
    // Side, images, on lavapipe, on other software and on GPUs: what was fastest on lavapipe and SwiftShader at these sizes.
    [64, 1, "winograd4_16x16", "winograd4_16x8", "winograd4_8x8"],
    [24, 1, "winograd4_16x8", "winograd4_16x8", "winograd4_8x8"],
    [16, 1, "winograd4_16x16", "winograd4_16x8", "winograd4_8x8"],
    [8, 1, "winograd4_16x4", "winograd4_16x4", "winograd2_8x8"],
    [4, 1, "winograd2_16x4", "winograd2_16x4", "winograd2_8x8"],
    [4, 4, "winograd4_16x4", "winograd4_16x4", "winograd2_8x8"],
    [4, 16, "winograd4_16x16", "winograd4_16x8", "winograd4_8x8"],
  ] as const)(
    "leaves few tiles of maps of side %d and %d images empty",
    (side, batch, llvmpipe, software, desktop) => {
      const shape = { ...passOf(512, 512, side), batch };
      expect(guess(LLVMPIPE, shape)).toBe(llvmpipe);
      expect(guess(SWIFTSHADER, shape)).toBe(software);
      expect(guess(undefined, shape)).toBe(software);
      expect(guess({ vendor: "nvidia" }, shape)).toBe(desktop);
      expect(guess({ vendor: "arm" }, shape)).toBe("workgroup");
    },
  );

  it("is the first iterations' kernel for the few channels of the image", () => {
    for (const info of [LLVMPIPE, { vendor: "nvidia" }, { vendor: "arm" }, undefined]) {
      expect(guess(info, passOf(3, 64, 56))).toBe("single");
      expect(guess(info, passOf(64, 1, 56))).toBe("single");
      expect(guess(info, passOf(8, 8, 56))).not.toBe("single");
    }
  });

  it("serves a plan by the device's adapter, where nobody pinned anything", async () => {
    const chosen = async (adapterInfo: AdapterTraits | undefined, kernels?: string) => {
      const gpu = { adapterInfo, device: { features: new Set() } } as unknown as Gpu;
      const { convVariant, exactVariant } = await chooseVariants(gpu, { kernels });
      return [convVariant, exactVariant].map((choose) => choose("conv2_1", "forward", passOf(64, 64, 56)));
    };
    expect(await chosen({ vendor: "nvidia" })).toEqual(["winograd4_8x8", "single"]);
    expect(await chosen({ vendor: "arm" })).toEqual(["workgroup", "single"]);
    expect(await chosen(undefined)).toEqual(["winograd4_16x8", "single"]);
    expect(await chosen({ vendor: "nvidia" }, "conv2_1=register")).toEqual(["register", "register"]);
    expect(await chosen({ vendor: "nvidia" }, "conv2_2=register")).toEqual(["winograd4_8x8", "single"]);
  });
});
