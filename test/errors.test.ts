import { expect, test } from "vitest";
import { shown } from "../src/errors.ts";

test("values in messages are quoted, named and cut", () => {
  expect(shown('a "b"')).toBe('"a \\"b\\""');
  expect(shown("x".repeat(80))).toBe(`"${"x".repeat(80)}"`);
  expect(shown("x".repeat(81))).toBe(`"${"x".repeat(77)}..."`);
  expect(shown([1, "a"])).toBe('[1,"a"]');
  expect(shown(Array.from({ length: 90 }, () => 1))).toBe(`${"[1".padEnd(77, ",1")}...`);
  expect([Number.NaN, Number.POSITIVE_INFINITY, undefined, null, true].map(shown)).toEqual([
    "NaN",
    "Infinity",
    "undefined",
    "null",
    "true",
  ]);
  expect(shown(() => 1)).toBe("a function");
  expect(shown(new Map())).toBe("an object (Map)");
  expect(shown({ a: 1 })).toBe("an object (Object)");
  expect(shown(Object.create(null))).toBe("an object (without a class)");
});

test("a list that holds itself has a text", () => {
  const list: unknown[] = [];
  list.push(list);
  expect(shown(list)).toBe("[[[[a list]]]]");
});

test("a list whose items each hold the next one many times is not written out", () => {
  let list: unknown[] = [1];
  for (let i = 0; i < 100; i++) list = Array(100).fill(list);
  expect(shown(list)).toMatch(/^\[\[\[\[a list,.*\.\.\.$/);
});
