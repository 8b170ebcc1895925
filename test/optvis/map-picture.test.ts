import { describe, expect, it } from "vitest";
import { mapInGrey, mapOverPhoto } from "../../src/optvis/map-picture.ts";

describe("maps as pictures", () => {
  it("in grey: black is zero, white the 99th percentile of |map|, all colours alike", () => {
    // 0 … 199 with every other sign turned; the 198th of 200 is 197.
    const map = Float32Array.from({ length: 200 }, (_, i) => (i % 2 ? -i : i));
    const rgb = mapInGrey(map);
    expect(rgb).toHaveLength(600);
    for (const i of [0, 1, 100, 197, 198, 199]) {
      for (const colour of [0, 1, 2]) expect(rgb[colour * 200 + i]).toBeCloseTo(Math.min(1, i / 197), 6);
    }
    expect([...mapInGrey(new Float32Array(2))]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("over a photograph: half of each, the largest value the brightest", () => {
    const rgb = mapOverPhoto(Float32Array.of(0, 4, 2), new Float32Array(9).fill(1));
    const pixel = (i: number) => [rgb[i]!, rgb[3 + i]!, rgb[6 + i]!];
    for (const [i, expected] of [
      [0, [0.5, 0.5, 0.51]],
      [1, [0.995, 1, 0.825]],
      [2, [0.865, 0.61, 0.665]],
    ] as const) {
      pixel(i).forEach((value, colour) => {
        expect(value).toBeCloseTo(expected[colour]!, 6);
      });
    }
  });
});
