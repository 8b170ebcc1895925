/** Tuned settings: those that nobody has changed follow the kind of subject and the size. */
import type { Recipe } from "../optvis/recipe.ts";
import { tunedSettings } from "../optvis/recipes.ts";

/** Whether a recipe has the tuned settings of its objective and size. */
export function isTuned(recipe: Recipe): boolean {
  const tuned = Object.entries(tunedSettings(recipe.objective, recipe.size));
  return tuned.every(([field, value]) => recipe[field as keyof Recipe] === value);
}

/** The recipe after a change. If it was tuned, it is tuned for its new objective and size; the change overrules that. */
export function changedRecipe(recipe: Recipe, change: Partial<Recipe>): Recipe {
  const { objective, size } = { ...recipe, ...change };
  const tuned = isTuned(recipe) ? tunedSettings(objective, size) : {};
  return { ...recipe, ...tuned, ...change };
}
