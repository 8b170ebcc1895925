import { expect, it } from "vitest";
import { defaultRecipe, type Recipe } from "../../src/optvis/recipe.ts";
import { channelSettings, classSettings } from "../../src/optvis/recipes.ts";
import { changedRecipe, isTuned } from "../../src/page/tuned.ts";

const CLASS: Recipe = { ...defaultRecipe, ...classSettings, objective: "class:1" };

it("lets settings that nobody touched follow the subject and the size", () => {
  expect(isTuned(CLASS)).toBe(true);
  expect(changedRecipe(CLASS, { objective: "channel:conv1_1:0" })).toMatchObject(channelSettings);
  expect(changedRecipe(CLASS, { size: [64, 64] })).toMatchObject({ ...classSettings, coarse: 0 });
});

it("keeps what is changed, and leaves the rest of a changed recipe alone", () => {
  const changed = changedRecipe(CLASS, { lr: 0.5 });
  expect(changed).toEqual({ ...CLASS, lr: 0.5 });
  expect(isTuned(changed)).toBe(false);
  expect(changedRecipe(changed, { objective: "channel:conv1_1:0" })).toEqual({
    ...changed,
    objective: "channel:conv1_1:0",
  });
});
