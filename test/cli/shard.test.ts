/** Shards share out a layer's channels. */
import { describe, expect, it } from "vitest";
import { stretchOf } from "../../src/cli/shard.ts";

const LENGTHS = [0, 1, 2, 5, 8, 63, 64, 512];

describe("the stretches of all shards", () => {
  it.each([1, 2, 3, 8, 100])("are everything once and in order, evenly, of %i", (count) => {
    for (const length of LENGTHS) {
      const stretches = Array.from({ length: count }, (_, index) => stretchOf(length, { index, count }));
      expect(stretches.flat()).toEqual(Array.from({ length }, (_, i) => i));
      const sizes = stretches.map((stretch) => stretch.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
  });
});
