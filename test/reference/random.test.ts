/** The twin of the GPU's random numbers against what its source and its purpose ask of it. */
import { describe, expect, it } from "vitest";
import { jitterShift, randomBits, randomShift } from "./random.ts";

/** pcg4d written once more, with exact integers of any size reduced modulo 2³². */
function pcg4d(counter: readonly number[]): number[] {
  const wrap = (value: bigint) => BigInt.asUintN(32, value);
  const v = counter.map((word) => wrap(BigInt(word) * 1664525n + 1013904223n));
  const mix = () => {
    // Word i grows by the product of two others, which earlier lines may have changed.
    for (const [i, a, b] of [
      [0, 1, 3],
      [1, 2, 0],
      [2, 0, 1],
      [3, 1, 2],
    ] as const) {
      v[i] = wrap(v[i]! + v[a]! * v[b]!);
    }
  };
  mix();
  for (const i of v.keys()) v[i] = v[i]! ^ (v[i]! >> 16n);
  mix();
  return v.map(Number);
}

const STEPS = Array.from({ length: 2000 }, (_, step) => step);

describe("random numbers", () => {
  it("are pcg4d, exact in 32 bits", () => {
    const words = [0, 1, 2, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
    for (const [i, seed] of words.entries()) {
      const counter = [seed, words[(i + 3) % 8]!, words[(i + 5) % 8]!, words[(7 * i) % 8]!] as const;
      expect([...randomBits(...counter)]).toEqual(pcg4d(counter));
    }
  });

  it("shift by −p … p, each about as often", () => {
    const p = 3;
    const counts = new Map<number, number>();
    for (const step of STEPS) {
      for (const shift of jitterShift(7, step, p)) counts.set(shift, (counts.get(shift) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2, 3]);
    const mean = (2 * STEPS.length) / 7;
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    // Six degrees of freedom: 22.46 is exceeded once in a thousand.
    expect(chiSquare).toBeLessThan(22.46);
  });

  it("shift rows and columns, steps and seeds apart from each other", () => {
    const shifts = (seed: number) => STEPS.slice(0, 200).map((step) => jitterShift(seed, step, 16));
    const first = shifts(1);
    const same = (other: typeof first) =>
      first.filter(([dy, dx], i) => dy === other[i]![0] && dx === other[i]![1]).length;
    for (const seed of [0, 2, 3, 1000]) expect(same(shifts(seed))).toBeLessThan(5);
    expect(first.filter(([dy, dx]) => dy === dx).length).toBeLessThan(25);
    expect(
      first.filter(([dy, dx], i) => i > 0 && dy === first[i - 1]![0] && dx === first[i - 1]![1]).length,
    ).toBeLessThan(5);
  });

  it("are no shift for p = 0", () => {
    expect(randomShift(0xffff_ffff, 0)).toBe(0);
  });
});
