/** Variants named as text, as `--kernels` takes them and reports print them. */
import { describe, expect, it } from "vitest";
import { formatVariants, parseVariants } from "../../../src/engine/kernels/variant-text.ts";
import { passes } from "../../support/passes.ts";

describe("variants as text", () => {
  it("are of every layer, of one, or of one pass; later ones overrule", () => {
    const pinned = parseVariants("plain, conv1_1=register, conv2_1.backward=workgroup");
    expect(pinned("conv3_1", "forward")).toBe("plain");
    expect(pinned("conv1_1", "backward_input")).toBe("register");
    expect(pinned("conv2_1", "forward")).toBe("plain");
    expect(pinned("conv2_1", "backward_input")).toBe("workgroup");
    expect(parseVariants("conv1_1=register, plain")("conv1_1", "forward")).toBe("plain");
    expect(parseVariants("conv1_1=register")("conv2_1", "forward")).toBeUndefined();
  });

  it("are read as they are printed", () => {
    const text = formatVariants(passes).join(", ");
    expect(text).toBe("conv2_1.forward=register, conv2_1.backward=register");
    for (const { layer, pass, variant } of passes) expect(parseVariants(text)(layer, pass)).toBe(variant);
  });

  it.each(["", "fastest", "conv1_1=", "conv1_1.sideways=plain", "plain;register"])("refuse %j", (text) => {
    expect(() => parseVariants(text)).toThrow(/kernels: expected VARIANT/);
  });

  it("are refused in few words, however many there are", () => {
    expect(() => parseVariants("=".repeat(100_000))).toThrow(/^.{1,400}$/);
  });
});
