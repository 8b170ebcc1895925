import { expect, test } from "vitest";
import { PARTIALS, partialsBytes, reducePartials, reduceTotal } from "../../src/optvis/reduce.ts";

const buffers = { input: "input", partials: "partials" };
const of = (count: number) => {
  const reduction = { batch: 3, stride: 1e6, offset: 5, count, slot: 2, scale: 0.5 };
  return reducePartials("sums", "squares", reduction, buffers);
};

test("a workgroup for every 1,024 elements, as many as there are partial sums at most", () => {
  for (const [count, groups] of [
    [1, 1],
    [1024, 1],
    [1025, 2],
    [64 * 1024, PARTIALS],
    [64 * 1024 + 1, PARTIALS],
  ] as const) {
    const { workgroups, uniform } = of(count);
    expect(workgroups).toEqual([groups, 3, 1]);
    expect(uniform["groups"]).toBe(groups);
  }
});

test("a slot holds 64 numbers an image", () => {
  expect(partialsBytes(3, 2)).toBe(4 * 64 * 3 * 2);
});

test("what is summed, and what may change while running", () => {
  expect(of(10).uniform["what"]).toBe(1);
  expect(of(10).live).toEqual({});
  const reduction = { batch: 1, stride: 1, offset: 0, count: 1, slot: 0, scale: 1 };
  const live = { key: "weight:0", scale: 0.25 };
  expect(reducePartials("sums", "sum", { ...reduction, live }, buffers).live).toEqual({ scale: live });
});

test("the total of every image is one invocation's", () => {
  const total = (batch: number) =>
    reduceTotal(
      "total",
      { batch, firstSlot: 0, slots: 1, ring: 1 },
      { finished: "partials", state: "state", totals: "totals" },
    );
  expect(total(64).workgroups).toEqual([1, 1, 1]);
  expect(total(65).workgroups).toEqual([2, 1, 1]);
});
