/** The transforms of a recipe. */
import type { Recipe } from "../recipe.ts";
import { jitter } from "./jitter.ts";
import type { Transform } from "./transform.ts";

/** In the order in which the image goes through them. */
export function transformsOf(recipe: Pick<Recipe, "jitter">): Transform[] {
  return recipe.jitter > 0 ? [jitter(recipe.jitter)] : [];
}
