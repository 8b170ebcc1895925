import { describe, expect, it } from "vitest";
import { fold } from "../../src/gpu/dispatch.ts";

/** What WebGPU guarantees: `maxComputeWorkgroupsPerDimension`. */
const LIMIT = 65_535;

describe("fold", () => {
  it.each([
    [1, [1, 1, 1]],
    [64, [1, 1, 1]],
    [65, [2, 1, 1]],
    [64 * LIMIT, [LIMIT, 1, 1]],
    [64 * LIMIT + 1, [32_768, 2, 1]],
    [64 * 2 * LIMIT, [LIMIT, 2, 1]],
    [64 * 2 * LIMIT + 1, [43_691, 3, 1]],
  ])("spreads %i items over workgroups %j", (items, workgroups) => {
    expect(fold(items)).toEqual(workgroups);
  });

  it("takes the size of a workgroup", () => {
    expect(fold(17 * 4096, 1)).toEqual([34_816, 2, 1]);
  });

  it("covers every item within the limits, with less than one row to spare", () => {
    for (let items = 1; items < 2 ** 31; items = Math.ceil(items * 1.7)) {
      const [x, y, z] = fold(items);
      expect(Math.max(x, y)).toBeLessThanOrEqual(LIMIT);
      expect(x * y * z * 64).toBeGreaterThanOrEqual(items);
      expect((x * y - y) * 64).toBeLessThan(items);
    }
  });
});
