import { expect, test } from "vitest";
import { isRecipe, recipeNames, recipeSettings } from "../../src/optvis/named-recipes.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";

test("CS231n's λ = 1e-3 is of pixels over their deviation, 0.229 for red, whatever a network takes", () => {
  expect(recipeSettings("cs231n", "imagenet").l2).toBe(1e-3);
  expect(recipeSettings("cs231n", "unit").l2).toBeCloseTo(1e-3 / 0.229 ** 2, 12);
  expect(recipeSettings("cs231n", "caffe").l2).toBeCloseTo(1e-3 / (255 * 0.229) ** 2, 17);
});

test.each(["unit", "imagenet", "caffe"] as const)(
  "a recipe is known by its settings, for %s",
  (preprocess) => {
    for (const name of recipeNames) {
      const recipe = { ...defaultRecipe, ...recipeSettings(name, preprocess) };
      expect(recipeNames.filter((one) => isRecipe(one, recipe, preprocess))).toEqual([name]);
      expect(isRecipe(name, { ...recipe, lr: 2 * recipe.lr }, preprocess)).toBe(false);
    }
  },
);
