import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import { choicesOf, mapTable, type Row } from "../../src/optvis/field.ts";
import { defaultRecipe, type Recipe } from "../../src/optvis/recipe.ts";
import { recipeFields } from "../../src/optvis/recipe-fields.ts";
import { checkRecipe, parseRecipe, recipeFromQuery, recipeToQuery } from "../../src/optvis/recipe-text.ts";

/** Values that a row allows. */
function allowedBy(row: Row, name: string): fc.Arbitrary<unknown> {
  switch (row.kind) {
    case "number":
      if (row.whole) return fc.integer({ min: row.least, max: row.most });
      return fc.double({ min: row.least, max: Math.min(row.most, 1e6), noNaN: true }).map((x) => x + 0);
    case "choice":
      return fc.constantFrom(...choicesOf(row));
    case "switch":
      return fc.boolean();
    case "size": {
      const side = fc.integer({ min: row.least, max: row.most });
      return fc.tuple(side, side);
    }
    case "text":
      if (name === "changes")
        return fc.constantFrom("none", "40:lr=0.1", "7:blur=1.5, 7:weight1=-0.25,90:iterations=99");
      return row.check
        ? fc.constantFrom("none", "standard", "pad:2, rotate:5.5")
        : fc.string({ unit: "binary", minLength: 1, maxLength: 40 }).filter((text) => text.trim() === text);
  }
}

const recipe: fc.Arbitrary<Recipe> = fc
  .record(mapTable(recipeFields, allowedBy))
  .map((values) => values as unknown as Recipe);

test("the defaults are the command line's", () => {
  expect(defaultRecipe).toMatchObject({
    init: "zeros",
    optimizer: "rms",
    lr: 0.05,
    l2: 0,
    blur: 0,
    jitter: 0,
    clamp: false,
    redirect: true,
    seed: 0,
    batch: 1,
  });
  expect(checkRecipe(defaultRecipe)).toEqual(defaultRecipe);
});

test("a recipe survives JSON and a link exactly", () => {
  fc.assert(
    fc.property(recipe, (original) => {
      expect(parseRecipe(JSON.stringify(original))).toEqual(original);
      expect(recipeFromQuery(recipeToQuery(original))).toEqual(original);
    }),
    { numRuns: 300 },
  );
});

describe("JSON", () => {
  test("what is left out takes the defaults", () => {
    expect(parseRecipe('{"objective":"class:goldfish","size":[96,64]}')).toEqual({
      ...defaultRecipe,
      objective: "class:goldfish",
      size: [96, 64],
    });
  });
  test.each<[unknown, RegExp]>([
    ["{", /not JSON/],
    ["[]", /expects a JSON object, got \[\]/],
    ["null", /expects a JSON object/],
    [7, /expects a JSON object, got 7/],
    ['{"lrr":1}', /unknown field "lrr"; did you mean lr\?/],
    ['{"__proto__":{"lr":1}}', /unknown field "__proto__"/],
    ['{"toString":1}', /unknown field "toString"/],
    ['{"lr":"1"}', /lr expects a number from 0 to 1000000000, got "1"/],
    ['{"lr":null}', /lr expects/],
    ['{"lr":1e999}', /lr expects .* got Infinity/],
    ['{"lr":-1}', /lr expects/],
    ['{"size":128}', /size expects \[height, width\].* got 128/],
    ['{"size":[128]}', /size expects/],
    [
      '{"size":[128,0]}',
      /size expects \[height, width\], whole numbers of pixels from 1 to 4096, got \[128,0\]/,
    ],
    ['{"size":[1e9,8]}', /size expects/],
    ['{"batch":1.5}', /batch expects a whole number/],
    [
      '{"optimizer":"sdg"}',
      /optimizer expects one of sgd, normalized, rms, mean, momentum, adam, rmsprop, nadam, got "sdg"/,
    ],
    ['{"init":"ones"}', /init expects one of zeros, noise, photo/],
    ['{"clamp":"on"}', /clamp expects true or false, got "on"/],
    ['{"seed":4294967296}', /seed expects/],
    ['{"objective":""}', /objective expects/],
    ['{"objective":["class:1"]}', /objective expects/],
  ])("%s is refused", (json, message) => {
    expect(() => parseRecipe(json)).toThrow(InputError);
    expect(() => parseRecipe(json)).toThrow(message);
  });
});

describe("links", () => {
  test("numbers out of bounds are clamped, nonsense is left at the base", () => {
    const base: Recipe = { ...defaultRecipe, lr: 0.3, seed: 5 };
    const read = (query: string): Recipe => recipeFromQuery(query, base);
    expect(read("size=99999x0").size).toEqual([4096, 1]);
    expect(read("size=96").size).toEqual([96, 96]);
    expect(read("size=96x64").size).toEqual([96, 64]);
    expect(read("size=axb").size).toEqual(base.size);
    expect(read("lr=-3").lr).toBe(0);
    expect(read("lr=1e400").lr).toBe(1e9);
    expect(read("lr=abc").lr).toBe(0.3);
    expect(read("lr=").lr).toBe(0.3);
    expect(read("seed=1.4&seed=2").seed).toBe(1);
    expect(read("seed=NaN").seed).toBe(5);
    expect(read("jitter=-0").jitter).toBe(0);
    expect(read("batch=1000000").batch).toBe(256);
    expect(read("optimizer=toString&init=__proto__").optimizer).toBe("rms");
    expect(read("clamp=on&redirect=off")).toMatchObject({ clamp: true, redirect: false });
    expect(read("clamp=maybe").clamp).toBe(false);
    expect(read("objective=%20").objective).toBe(base.objective);
    expect(read(`objective=${"x".repeat(1e6)}`).objective).toHaveLength(131072);
    expect(read("model=evil&__proto__=x&unknown=1")).toEqual(base);
  });

  test("whatever the link, the recipe is a good one", () => {
    const key = fc.oneof(fc.constantFrom(...Object.keys(defaultRecipe)), fc.string());
    const value = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.double().map(String),
      fc.constantFrom("-0", "1e999", "0x10", "128x"),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value)), fc.string({ unit: "binary" }), (pairs, text) => {
        const query = new URLSearchParams(pairs);
        for (const read of [recipeFromQuery(query), recipeFromQuery(text)])
          expect(checkRecipe(read)).toEqual(read);
      }),
      { numRuns: 1000 },
    );
  });
});
