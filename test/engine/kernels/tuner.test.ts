import { describe, expect, it } from "vitest";
import { rememberedVariants, sliced } from "../../../src/engine/kernels/tuner.ts";
import { adapterKey } from "../../../src/engine/kernels/tuning-memory.ts";
import { shapeKey } from "../../../src/engine/kernels/variants.ts";
import { type ConvVariantName, correlation } from "../../../src/nn/conv3x3.ts";
import { adapter, passes, shape } from "../../support/passes.ts";

it("slices a pass into rows of output and what they are made of", () => {
  const [forward] = passes;
  const wide = { ...forward!.correlation, outputWidth: 64, inputWidth: 64 };
  expect(sliced(wide)).toEqual({ ...wide, outputHeight: 8, inputHeight: 8 });
  const valid = { ...correlation({ ...shape, padding: 0 }, "forward"), outputWidth: 62, inputWidth: 64 };
  expect(sliced(valid)).toMatchObject({ outputHeight: 16, inputHeight: 18 });
  // Few pixels a row: more rows, or tiles would be empty that are full in the whole pass.
  expect(sliced({ ...wide, outputWidth: 24, inputWidth: 24 })).toMatchObject({ outputHeight: 24 });
  expect(sliced({ ...wide, outputWidth: 24, inputWidth: 24, batch: 3 })).toMatchObject({ outputHeight: 8 });
  expect(sliced(forward!.correlation)).toEqual(forward!.correlation);
});

describe("what is remembered", () => {
  const [forward, backward] = passes;
  /** A storage that holds these times of `forward` on the adapter `one`. */
  async function chosen(times: unknown, gpu = adapter("one"), text?: string): Promise<ConvVariantName> {
    const held = new Map([
      [adapterKey(adapter("one")), text ?? JSON.stringify({ [shapeKey(forward!)]: times })],
    ]);
    const storage = { read: async (key: string) => held.get(key), write: async () => {} };
    const variants = await rememberedVariants(gpu, () => "register", storage);
    return variants("conv2_1", "forward", forward!.correlation);
  }

  it.each([
    ["of other kernel sources", { workgroup: { milliseconds: 1, sources: "0" } }],
    ["of an unknown variant", { fastest: { milliseconds: 1, sources: "0" } }],
    ["of no number", { workgroup: { milliseconds: "1", sources: "0" } }],
    ["null", null],
  ])("is not trusted where it is %s", async (_, times) => {
    expect(await chosen(times)).toBe("register");
  });

  it("is not trusted where it is no JSON, or another adapter's", async () => {
    expect(await chosen({}, adapter("one"), "{")).toBe("register");
    expect(adapterKey(adapter("one"))).not.toBe(adapterKey(adapter("two")));
    expect(adapterKey(adapter("one"))).not.toBe(adapterKey(adapter("one", ["subgroups"])));
  });

  it("leaves the guess where nothing is", async () => {
    const storage = { read: async () => undefined, write: async () => {} };
    const variants = await rememberedVariants(adapter("one"), () => "workgroup", storage);
    expect(variants("conv2_1", "forward", forward!.correlation)).toBe("workgroup");
  });

  it("is of one direction and size", () => {
    expect(shapeKey(forward!)).not.toBe(shapeKey(backward!));
  });
});
