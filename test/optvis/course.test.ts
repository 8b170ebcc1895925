/** What changes while an ascent runs, as text and as settings, and the recipe of what an ascent has drawn. */
import { expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import { type Change, formatChanges, parseChanges, withWeights } from "../../src/optvis/changes.ts";
import {
  afterChanges,
  changesBetween,
  changesOf,
  endOf,
  followedBy,
  recipeOfCourse,
} from "../../src/optvis/course.ts";
import { defaultRecipe, type Recipe } from "../../src/optvis/recipe.ts";
import { recipeFields } from "../../src/optvis/recipe-fields.ts";

const RECIPE: Recipe = { ...defaultRecipe, objective: 'class:"king penguin" - 0.5*tv', iterations: 100 };
const parse = (text: string) => parseChanges(text, recipeFields);

test("a text says which field has which value from which iteration on, in their order", () => {
  expect(parse("60:blur=1.5, 40:lr=1e-3,60:weight1=-.25")).toEqual([
    { at: 40, field: "lr", value: 0.001 },
    { at: 60, field: "blur", value: 1.5 },
    { at: 60, field: "weight1", value: -0.25 },
  ]);
  for (const none of ["", "none", " none "]) expect(parse(none)).toEqual([]);
  expect(formatChanges([])).toBe("none");
});

test("numbers survive their text to the bit", () => {
  const changes: Change[] = [0.1 + 0.2, 1e-7, 123456.789, 5e-324].map((value, at) => ({
    at,
    field: "l2",
    value,
  }));
  expect(parse(formatChanges(changes))).toEqual(changes);
});

test.each([
  ["40:lr", /"40:lr" is no change/],
  ["lr=1", /is no change/],
  ["-1:lr=1", /is no change/],
  ["1:seed=2", /is no change/],
  ["1:objective=2", /is no change/],
  ["1:toString=2", /is no change/],
  ["1:lr=-1", /lr expects a number from 0/],
  ["1:blurEvery=1.5", /blurEvery expects a whole number/],
  ["1:weight0=1e999", /not finite/],
])("%s is refused", (text, message) => {
  expect(() => parse(text)).toThrow(InputError);
  expect(() => parse(text)).toThrow(message);
});

test("changes become settings, weights become the objective's", () => {
  const after = afterChanges(RECIPE, parse("3:lr=0.2,4:weight1=0.75,5:lr=0.3,9:iterations=7"));
  expect(after).toEqual({ ...RECIPE, lr: 0.3, objective: 'class:"king penguin" + 0.75*tv' });
  expect(() => withWeights("class:1", new Map([[1, 2]]))).toThrow(/has 1 terms/);
});

test("what lies between two settings are the changes that make one of the other", () => {
  const other = { ...RECIPE, lr: 0.3, blur: 2, objective: '2*class:"king penguin" - 0.5*tv' };
  const changes = changesBetween(12, RECIPE, other);
  expect(formatChanges(changes)).toBe("12:lr=0.3,12:blur=2,12:weight0=2");
  expect(afterChanges(RECIPE, changes)).toEqual(other);
});

test("of two changes of a field at one iteration the later one counts", () => {
  const changes = followedBy(parse("1:lr=1,2:lr=2,2:l2=1"), parse("2:lr=3"));
  expect(formatChanges(changes)).toBe("1:lr=1,2:l2=1,2:lr=3");
});

test("the recipe of a course ends where it ended, and leaves out what came too late", () => {
  expect(recipeOfCourse(RECIPE, parse("10:lr=1,40:lr=2"), 40)).toEqual({
    ...RECIPE,
    iterations: 40,
    changes: "10:lr=1",
  });
  expect(recipeOfCourse(RECIPE, [], 100)).toEqual(RECIPE);
});

test("a zoom keeps the iterations that it was planned for", () => {
  const zoomed = { ...RECIPE, transforms: "zoom:0.05" };
  for (const [reached, changes] of [
    [40, "40:iterations=40"],
    [100, "none"],
    [230, "100:iterations=230"],
  ] as const) {
    const recipe = recipeOfCourse(zoomed, [], reached);
    expect(recipe).toEqual({ ...zoomed, changes });
    expect(endOf(recipe)).toBe(reached);
    expect(recipeOfCourse(recipe, changesOf(recipe), reached)).toEqual(recipe);
  }
});
