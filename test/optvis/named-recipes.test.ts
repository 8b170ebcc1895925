import { expect, test } from "vitest";
import { preprocessing } from "../../src/model/preprocess.ts";
import { isRecipe, recipeNames, recipeSettings } from "../../src/optvis/named-recipes.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";

const PREPROCESS = ["unit", "imagenet", "caffe"] as const;

test.each(PREPROCESS)("CS231n's λ = 1e-3 is of pixels over their deviation, for %s", (preprocess) => {
  const { l2 = Number.NaN } = recipeSettings("cs231n", preprocess);
  // ImageNet's deviations are 0.229, 0.224 and 0.225: for one λ their squares' mean, to 2 %.
  const { scale } = preprocessing(preprocess);
  const ofPixels = [0.229, 0.224, 0.225].map((deviation) => l2 * scale[0] ** 2 * deviation ** 2);
  for (const value of ofPixels) expect(Math.abs(value / 1e-3 - 1)).toBeLessThan(0.05);
});

test.each(PREPROCESS)("a recipe is known by its settings, for %s", (preprocess) => {
  for (const name of recipeNames) {
    const recipe = { ...defaultRecipe, ...recipeSettings(name, preprocess) };
    expect(recipeNames.filter((one) => isRecipe(one, recipe, preprocess))).toEqual([name]);
    expect(isRecipe(name, { ...recipe, lr: 2 * recipe.lr }, preprocess)).toBe(false);
  }
});
