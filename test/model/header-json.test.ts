import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type HeaderJson, parseHeaderJson } from "../../src/model/header-json.ts";

/** As `JSON.parse` has it: maps become objects. */
function plain(value: HeaderJson): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [key, plain(one)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

test("reads what JSON.parse reads, of the part of JSON that headers use", () => {
  const leaf = fc.oneof(fc.string(), fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER));
  const key = fc.string().filter((name) => name !== "__proto__");
  const nested = fc.dictionary(key, fc.oneof(leaf, fc.array(leaf), fc.dictionary(key, leaf)));
  fc.assert(
    fc.property(nested, fc.nat(3), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(plain(parseHeaderJson(text))).toEqual(JSON.parse(text));
    }),
  );
});

test("a key of any name is a key", () => {
  const header = parseHeaderJson('{"__proto__": {"constructor": 1}}') as ReadonlyMap<string, HeaderJson>;
  expect([...header.keys()]).toEqual(["__proto__"]);
  expect(Object.getPrototypeOf(header)).toBe(Map.prototype);
});

test.each([
  ['{"a": 1, "a": 2}', 'the key "a" appears twice, at character 12'],
  ['{"a" 1}', "expected a colon, at character 5"],
  ['{"a": 1 "b"}', "expected a comma or a closing brace, at character 8"],
  ["[1 2]", "expected a comma or a closing bracket, at character 3"],
  ["[1] [2]", "text after the end of the JSON, at character 4"],
  ["[[[[1]]]]", "nested deeper than 3 levels, at character 3"],
  ["[1.5]", "expected a string, an unsigned integer, an object or an array, at character 1"],
  ["[-1]", "expected a string, an unsigned integer, an object or an array, at character 1"],
  ["[01]", "expected a string, an unsigned integer, an object or an array, at character 1"],
  ["true", "expected a string, an unsigned integer, an object or an array, at character 0"],
  ["9007199254740992", "the integer 9007199254740992 is 2^53 or more, at character 16"],
  ['{"a\nb": 1}', "expected a string, at character 1"],
  ['["\\x41"]', "expected a string, at character 1"],
  ["", "expected a string, an unsigned integer, an object or an array, at character 0"],
])("%j: %s", (text, message) => {
  expect(() => parseHeaderJson(text)).toThrow(new SyntaxError(message));
});
