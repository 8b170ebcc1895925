import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import { classIndex, editDistance, imagenetClasses, nearestNames } from "../../src/model/labels.ts";
import type { Network } from "../../src/model/network.ts";

const named = (classes: readonly string[], outputs = classes.length): Network => ({
  name: "VGG-16",
  classes,
  layers: [{ kind: "linear", name: "logits", inputFeatures: 1, outputFeatures: outputs }],
});

function refusal(work: () => unknown): InputError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return error as InputError;
  }
  throw new Error("nothing was refused");
}

describe("ImageNet's names", () => {
  test("are 1000, none empty or with stray spaces", async () => {
    const names = await imagenetClasses();
    expect(names).toHaveLength(1000);
    expect(names.filter((name) => name !== name.trim() || name === "" || name.includes("\n"))).toEqual([]);
    expect(new Set(names).size).toBe(1000);
  });

  test("each finds its own index, in any case unless that is ambiguous", async () => {
    const network = named(await imagenetClasses());
    for (const [index, name] of network.classes.entries()) expect(classIndex(network, name)).toBe(index);
    expect(classIndex(network, "GOLDFISH")).toBe(1);
    expect(classIndex(network, "  great white Shark ")).toBe(2);
    const ambiguous = refusal(() => classIndex(network, "CARDIGAN"));
    expect(ambiguous.message).toMatch(/is the name of 264, 474/);
  });
});

describe("a class that is not there", () => {
  test("out of range: the range", () => {
    for (const index of ["3", 3, -1, "-1", 1.5, NaN]) {
      expect(refusal(() => classIndex(named(["a", "b", "c"]), index)).remedy).toBe("classes are 0 to 2");
    }
    expect(classIndex(named(["a", "b", "c"]), "2")).toBe(2);
  });
  test("unknown name: the nearest names", async () => {
    const network = named(await imagenetClasses());
    expect(refusal(() => classIndex(network, "goldfsh")).remedy).toMatch(/^nearest: "goldfish"/);
    expect(refusal(() => classIndex(network, "panda")).remedy).toMatch(/"giant panda"/);
    expect(refusal(() => classIndex(network, "retriever")).remedy).toMatch(/"golden retriever"/);
  });
  test("no names: the range of indices", () => {
    expect(refusal(() => classIndex(named([], 7), "cat")).remedy).toMatch(/give an index, 0 to 6/);
    expect(classIndex(named([], 7), "6")).toBe(6);
  });
  test("no head: says so", () => {
    const headless: Network = { ...named([]), layers: [{ kind: "relu", name: "relu1_1" }] };
    expect(refusal(() => classIndex(headless, "0")).message).toMatch(/no classes/);
  });
});

describe("edit distance", () => {
  test.each([
    ["kitten", "sitting", 3],
    ["saturday", "sunday", 3],
    ["", "abc", 3],
    ["flaw", "lawn", 2],
  ])("%s to %s is %i", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  test("is a metric", () => {
    const word = fc.string({ maxLength: 8, unit: fc.constantFrom("a", "b", "c") });
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
    );
  });
});

test("a typed million characters cost nothing and suggest something", () => {
  expect(nearestNames(["a", "b"], "x".repeat(1e6), 1)).toHaveLength(1);
});

test("a message stays short, however many and long the names are", () => {
  const long = Array.from({ length: 30_000 }, () => "x".repeat(100));
  const same = refusal(() => classIndex(named(long), "X".repeat(100)));
  expect(same.message).toMatch(/is the name of 0, 1, 2, 3, 4, 5, 6, 7, …$/);
  const huge = ["a".repeat(1e6), "b".repeat(1e6)];
  const unknown = refusal(() => classIndex(named(huge), "c"));
  expect(`${unknown.message}${unknown.remedy}`.length).toBeLessThan(400);
});
