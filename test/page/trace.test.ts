import { expect, test } from "vitest";
import { Trace } from "../../src/page/trace.ts";

test("keeps each value beside its iteration, and none that is not finite", () => {
  const trace = new Trace();
  trace.add([1, Number.NaN, 3], 3);
  trace.add([], 3);
  trace.add([Number.POSITIVE_INFINITY, 5], 5);
  expect(trace.iterations).toEqual([1, 3, 5]);
  expect(trace.values).toEqual([1, 3, 5]);
  trace.clear();
  expect(trace.iterations).toEqual([]);
});

test("thins a long run evenly, from its start to its end", () => {
  const trace = new Trace();
  const MOST = 8192;
  for (let i = 1; i <= 4 * MOST; i++) trace.add([i / 2], i);
  const { iterations, values } = trace;
  expect(iterations.length).toBeGreaterThan(MOST / 2 - 1);
  expect(iterations.length).toBeLessThanOrEqual(MOST);
  expect(values).toEqual(iterations.map((iteration) => iteration / 2));
  const gaps = new Set(iterations.slice(1).map((iteration, i) => iteration - (iterations[i] as number)));
  expect(gaps.size).toBe(1);
  expect(iterations.at(-1)).toBe(4 * MOST);
});

test("forgets what a run that went back had after", () => {
  const trace = new Trace();
  trace.add([1, 2, 3, 4], 4);
  trace.add([], 2);
  expect(trace.iterations).toEqual([1, 2]);
  trace.add([5, 6], 4);
  expect(trace.values).toEqual([1, 2, 5, 6]);
});
