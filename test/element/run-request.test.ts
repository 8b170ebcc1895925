import { expect, it } from "vitest";
import { type RunRequest, steeringOf } from "../../src/element/run-request.ts";
import {
  defaultRecipe,
  liveFields,
  type Recipe,
  recipeFieldNames,
  recipeRow,
} from "../../src/optvis/recipe.ts";

const REQUEST: RunRequest = {
  ...{ model: "x", beside: [], reading: {} },
  ...{ recipe: defaultRecipe, photo: undefined, target: undefined, tuning: undefined },
};

function steered(change: Partial<Recipe>): object | undefined {
  return steeringOf(REQUEST, { ...REQUEST, recipe: { ...defaultRecipe, ...change } });
}

it("steers live fields, the objective's weights, the iterations and the changes, each alone and together", () => {
  for (const field of liveFields) expect(steered({ [field]: 0.25 })).toEqual({ [field]: 0.25 });
  const some = { objective: "0.5*channel:conv1_1:0", iterations: 7, changes: "5:lr=2", lr: 1 };
  expect(steered(some)).toEqual(some);
});

it("starts again for any other field, whatever changes besides", () => {
  const others = recipeFieldNames.filter((field) => !recipeRow(field).live);
  expect(others).toContain("seed");
  for (const field of others) {
    const { [field]: value } = defaultRecipe;
    const other = typeof value === "number" ? value + 1 : typeof value === "boolean" ? !value : "other";
    expect(steered({ [field]: other })).toBeUndefined();
    expect(steered({ [field]: other, lr: 1 })).toBeUndefined();
  }
});

it("starts again for another model, photograph, or place of tunings", () => {
  const changes: Partial<RunRequest>[] = [
    { model: "y" },
    { reading: { preprocess: "unit" } },
    { reading: { padding: 0 } },
    { beside: [new File([], "y")] },
    { reading: { layers: "conv" } },
    { photo: "p" },
    { target: "t" },
  ];
  for (const change of changes) expect(steeringOf(REQUEST, { ...REQUEST, ...change })).toBeUndefined();
});

it("does nothing where nothing changed", () => {
  expect(steered({ size: [128, 128] })).toEqual({});
  expect(steeringOf(REQUEST, { ...REQUEST, reading: {} })).toEqual({});
});
