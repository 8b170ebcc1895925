import { describe, expect, it } from "vitest";
import { resizePlanes } from "../../src/optvis/resize.ts";

describe("resizePlanes", () => {
  it("by pixels, as PyTorch's interpolate(align_corners=False)", () => {
    // F.interpolate(torch.arange(6.).reshape(1,1,2,3), (3,5), mode="bilinear")
    const expected = [0, 0.4, 1, 1.6, 2, 1.5, 1.9, 2.5, 3.1, 3.5, 3, 3.4, 4, 4.6, 5];
    const got = resizePlanes([0, 1, 2, 3, 4, 5], [2, 3], [3, 5]);
    for (const [i, value] of expected.entries()) expect(got[i]).toBeCloseTo(value, 6);
  });

  it("by corners, as scipy.ndimage.zoom of order 1", () => {
    const expected = [0, 0.5, 1, 1.5, 2, 1.5, 2, 2.5, 3, 3.5, 3, 3.5, 4, 4.5, 5];
    const got = resizePlanes([0, 1, 2, 3, 4, 5], [2, 3], [3, 5], "corners");
    for (const [i, value] of expected.entries()) expect(got[i]).toBeCloseTo(value, 6);
  });

  it("keeps planes apart, and sizes of one", () => {
    expect([...resizePlanes([1, 2], [1, 1], [2, 1])]).toEqual([1, 1, 2, 2]);
    expect([...resizePlanes([1, 3, 5, 7], [2, 2], [1, 1], "corners")]).toEqual([1]);
    expect([...resizePlanes([1, 3, 5, 7], [2, 2], [1, 1])]).toEqual([4]);
    expect([...resizePlanes([1, 3, 5, 7], [2, 2], [2, 2])]).toEqual([1, 3, 5, 7]);
  });
});
