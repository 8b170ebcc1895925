/** Settings that nobody has touched follow the subject's kind and the size. */
import type { Recipe } from "../optvis/recipe.ts";
import { tunedSettings } from "../optvis/recipes.ts";

/** Whether a recipe has the tuned settings of its objective and size. */
export function isTuned(recipe: Recipe): boolean {
  const tuned = Object.entries(tunedSettings(recipe.objective, recipe.size));
  return tuned.every(([field, value]) => recipe[field as keyof Recipe] === value);
}

/** The recipe after a change; where it was tuned, tuned for what it is about now, but for the change itself. */
export function changedRecipe(recipe: Recipe, change: Partial<Recipe>): Recipe {
  const { objective, size } = { ...recipe, ...change };
  const tuned = isTuned(recipe) ? tunedSettings(objective, size) : {};
  return { ...recipe, ...tuned, ...change };
}
