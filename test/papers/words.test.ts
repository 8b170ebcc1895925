/** Tables that papers keep by hand name exactly the words that the code takes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { AscentView } from "../../src/element/ascent-view.ts";
import type { InputError } from "../../src/errors.ts";
import { choicesOf } from "../../src/optvis/field.ts";
import { recipeFields } from "../../src/optvis/recipe-fields.ts";
import { parseTransforms } from "../../src/optvis/transforms/transforms.ts";
import { ROOT } from "../stacks/environment.ts";

/** The first word in the first cell of every line of the table under a head. */
function wordsUnder(paper: string, head: string): string[] {
  const text = readFileSync(join(ROOT, ".github/docs", paper), "utf8");
  const begin = text.indexOf(`\n| ${head} |`);
  expect(begin, `a table under ${head} in ${paper}`).toBeGreaterThan(0);
  const [table = ""] = text.slice(begin + 1).split("\n\n");
  const lines = table.trim().split("\n").slice(2);
  return lines.map((line) => /`([\w-]+)/.exec(line)?.[1] ?? line);
}

it("of optimizers", () => {
  expect(wordsUnder("recipes.md", "`--optimizer`")).toEqual(choicesOf(recipeFields.optimizer));
});

it("of what is optimised", () => {
  expect(wordsUnder("recipes.md", "`--param`")).toEqual(choicesOf(recipeFields.param));
});

it("of transforms", () => {
  // What is no transform is refused with the list of those that there are.
  let refused: unknown;
  try {
    parseTransforms("none at all");
  } catch (error) {
    refused = error;
  }
  const remedy = (refused as InputError).remedy ?? "";
  const known = [...remedy.matchAll(/(\w+):AMOUNT/g)].map(([, name]) => name);
  expect(known.length).toBeGreaterThan(0);
  expect(wordsUnder("recipes.md", "transform").toSorted()).toEqual(known.toSorted());
});

it("of the element's attributes that are no fields of a recipe", () => {
  const own = [...AscentView.elementProperties].filter(
    ([name, { attribute }]) =>
      attribute !== false && !Object.hasOwn(recipeFields, name) && name !== "blurSigma",
  );
  // A start is a field, but may be a photograph here.
  const expected = ["init", ...own.map(([name]) => name)];
  expect(wordsUnder("element.md", "attribute").toSorted()).toEqual(expected.toSorted());
});

it("of the element's properties that are no attributes", () => {
  const hidden = [...AscentView.elementProperties].filter(([, { attribute }]) => attribute === false);
  const readable = Object.entries(Object.getOwnPropertyDescriptors(AscentView.prototype))
    .filter(([name, { get }]) => get !== undefined && !AscentView.elementProperties.has(name))
    // Of use to the element's own controller.
    .filter(([name]) => name !== "listening" && name !== "canvas");
  const expected = [...hidden, ...readable].map(([name]) => name);
  expect(wordsUnder("element.md", "property").toSorted()).toEqual(expected.toSorted());
});
