import { expect, it } from "vitest";
import { InputError } from "../../src/errors.ts";
import { readingOf, sameReading } from "../../src/model/reading.ts";

it("reads texts and values alike; what is undefined or empty says nothing", () => {
  expect(readingOf({ preprocess: "Caffe", padding: "0", layers: "conv pool" })).toEqual({
    preprocess: "caffe",
    padding: 0,
    layers: "conv pool",
  });
  expect(readingOf({ padding: 1 })).toEqual({ padding: 1 });
  expect(readingOf({ epsilon: "1e-3" })).toEqual(readingOf({ epsilon: 0.001 }));
  expect(readingOf({ preprocess: undefined, padding: "", layers: "" })).toEqual({});
});

it("names the field that makes no sense", () => {
  expect(() => readingOf({ preprocess: "kaffee" })).toThrow(/^preprocess: .*"kaffee"/);
  expect(() => readingOf({ padding: "2" })).toThrow(/^padding: expected 0 or 1, got "2"/);
  expect(() => readingOf({ layers: 3 })).toThrow(InputError);
  expect(() => readingOf({ epsilon: "x" })).toThrow(/^epsilon: expected a number from 0 to 1, got "x"/);
});

it("tells readings apart by every field", () => {
  expect(sameReading({ preprocess: "unit" }, { preprocess: "unit" })).toBe(true);
  expect(sameReading({ preprocess: "unit" }, { preprocess: "unit", padding: 0 })).toBe(false);
  expect(sameReading({}, { layers: "conv" })).toBe(false);
});
