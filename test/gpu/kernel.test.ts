import { describe, expect, it } from "vitest";
import { placeOf } from "../../src/gpu/kernel.ts";

describe("a line of the code", () => {
  const source = {
    file: "top.wgsl",
    lines: [
      ["top.wgsl", 3, 1],
      ["lib/base.wgsl", 5, 2],
      ["top.wgsl", 9, 4],
    ],
  } as const;

  it.each([
    [1, "top.wgsl line 3"],
    [2, "lib/base.wgsl line 5"],
    [3, "lib/base.wgsl line 6"],
    [4, "top.wgsl line 9"],
    [7, "top.wgsl line 12"],
  ])("%i stands in the source where its part does", (line, place) => {
    expect(placeOf(source, line)).toBe(place);
  });

  it("past the end stands somewhere in the file", () => {
    expect(placeOf(source, 8)).toBe("top.wgsl");
    expect(placeOf({ file: "bare.wgsl", lines: [] }, 1)).toBe("bare.wgsl");
  });
});
