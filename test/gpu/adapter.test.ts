/** The kind of an adapter, by what browsers and Dawn report of it. */
import { describe, expect, it } from "vitest";
import { type AdapterTraits, adapterKind } from "../../src/gpu/adapter.ts";
import { LLVMPIPE, SWIFTSHADER, UNNAMED } from "../support/adapters.ts";

describe("an adapter's kind", () => {
  it.each<[AdapterTraits | undefined, ReturnType<typeof adapterKind>]>([
    [LLVMPIPE, "llvmpipe"],
    [SWIFTSHADER, "software"],
    // Firefox names nothing, but says this.
    [{ ...UNNAMED, isFallbackAdapter: true }, "llvmpipe"],
    [{ vendor: "microsoft", description: "Microsoft Basic Render Driver" }, "software"],
    [{ vendor: "nvidia", architecture: "ampere", isFallbackAdapter: false }, "desktop"],
    [{ vendor: "amd", architecture: "rdna-2" }, "desktop"],
    [{ vendor: "intel", architecture: "gen-12lp" }, "desktop"],
    [{ vendor: "apple", architecture: "metal-3" }, "desktop"],
    [{ vendor: "qualcomm", architecture: "adreno-7xx" }, "mobile"],
    [{ vendor: "arm", architecture: "valhall" }, "mobile"],
    [UNNAMED, undefined],
    [{ vendor: "somebody" }, undefined],
    [undefined, undefined],
  ])("%j is %s", (info, kind) => {
    expect(adapterKind(info)).toBe(kind);
  });
});
