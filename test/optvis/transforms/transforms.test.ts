import { describe, expect, test } from "vitest";
import { InputError } from "../../../src/errors.ts";
import type { Size } from "../../../src/model/network.ts";

import {
  dependsOnIterations,
  parseTransforms,
  STANDARD,
  transformsOf,
} from "../../../src/optvis/transforms/transforms.ts";

function sizeAfter(list: string, size: Size): Size {
  return parseTransforms(list).reduce((current, transform) => transform.outputSize(current), size);
}

test("standard is Lucid's list: 128 pixels become 140", () => {
  expect(parseTransforms("standard").map(({ text }) => text)).toEqual(STANDARD.split(","));
  expect(sizeAfter("standard", [128, 96])).toEqual([140, 108]);
});

test("none is none, and the recipe's jitter comes first", () => {
  expect(parseTransforms("none")).toEqual([]);
  const texts = transformsOf({ jitter: 3, transforms: "pad:2, rotate:5.5", iterations: 1 }).map(
    ({ text }) => text,
  );
  expect(texts).toEqual(["jitter:3", "pad:2", "rotate:5.5"]);
});

test.each([
  ["none", false],
  ["standard", false],
  ["pad:3,noise:0.08", false],
  ["zoom:0.05,noise:0.08", true],
  ["pad:3, zoom:0.05", true],
])("%s depends on the number of iterations: %s", (list, depends) => {
  expect(dependsOnIterations(list)).toBe(depends);
});

describe("refused, with what is allowed", () => {
  test.each([
    ["blurr:3", /"blurr:3" is no transform/],
    ["pad", /"pad" is no transform/],
    ["pad:-1", /"pad:-1" is no transform/],
    ["__proto__:1", /is no transform/],
    ["pad:1.5", /pad expects a whole number from 0 to 1024/],
    ["scale:1", /scale expects a number from 0 to 0.9/],
    ["rotate:181", /rotate expects a number from 0 to 180/],
    [Array(17).fill("pad:1").join(","), /at most 16/],
  ])("%s", (list, message) => {
    expect(() => parseTransforms(list)).toThrow(InputError);
    expect(() => parseTransforms(list)).toThrow(message);
  });

  test("a crop that leaves no image", () => {
    expect(() => sizeAfter("crop:64", [64, 80])).toThrow(/crop:64 leaves no image of 64×80/);
    expect(sizeAfter("crop:63", [64, 80])).toEqual([1, 17]);
  });
});
