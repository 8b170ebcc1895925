import { expect, test } from "vitest";
import { Silence } from "../../src/optvis/silence.ts";

const ZEROS = { objective: "channel:relu1_1:2", init: "zeros" } as const;

test("an objective that stays 0 is said to, with why and what to try", () => {
  const silence = new Silence();
  silence.record([0]);
  expect(silence.remark(ZEROS)).toBeUndefined();
  silence.record([-0]);
  expect(silence.remark(ZEROS)).toMatch(
    /^channel:relu1_1:2 stayed 0: no unit in it ever fires, so there is no gradient to climb; try to start from noise, a larger size/,
  );
  expect(silence.remark({ ...ZEROS, init: "noise" })).toMatch(/; try another seed, /);
});

test("one value that is not 0 ends it, until the run begins again", () => {
  for (const value of [1e-30, -1, Number.NaN]) {
    const silence = new Silence();
    silence.record([0, value, 0, 0]);
    silence.record([0, 0]);
    expect(silence.remark(ZEROS)).toBeUndefined();
    silence.clear();
    silence.record([0, 0]);
    expect(silence.remark(ZEROS)).toBeDefined();
  }
});
