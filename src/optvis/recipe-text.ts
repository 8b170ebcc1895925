/** Recipes as people keep and send them: JSON, and the query of a link. */
import { InputError, shown } from "../errors.ts";
import { parseBounded } from "../model/bounded-json.ts";
import { checkValues, formatValue, mapTable, nearestValue } from "./field.ts";
import { defaultRecipe, type Recipe, recipeFieldNames } from "./recipe.ts";
import { recipeFields } from "./recipe-fields.ts";

/**
 * Reads a recipe from JSON (text, or already parsed). Fields left out take `defaultRecipe`'s values; the
 * objective is checked against a network later.
 * @throws InputError naming the field, what was expected and what is there; unknown fields are refused
 */
export function parseRecipe(json: unknown): Recipe {
  const value = typeof json === "string" ? parseJson(json) : json;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError(`recipe expects a JSON object, got ${shown(value)}`);
  }
  return checkRecipe({ ...defaultRecipe, ...value });
}

/**
 * The recipe itself where it has every field, each in bounds, and no other.
 * @throws InputError naming the field, the bounds and what is there
 */
export function checkRecipe(recipe: object): Recipe {
  return checkValues("recipe", recipeFields, recipe);
}

/** Every field, so that a link means the same when the defaults change: `objective=…&size=128x128&…`. */
export function recipeToQuery(recipe: Recipe): string {
  const texts = recipeFieldNames.map((name) => [name, formatValue(recipe[name])]);
  return new URLSearchParams(texts).toString();
}

/**
 * Reads a link that anybody may have made: numbers out of bounds are clamped, what makes no sense is left
 * at `base`'s value, unknown keys are ignored. Never throws. The objective is any text: show it as text.
 */
export function recipeFromQuery(query: string | URLSearchParams, base: Recipe = defaultRecipe): Recipe {
  const parameters = typeof query === "string" ? new URLSearchParams(query) : query;
  const read = mapTable(recipeFields, (row, name) => {
    const text = parameters.get(name);
    return (text === null ? undefined : nearestValue(row, text)) ?? base[name as keyof Recipe];
  });
  return read as Recipe;
}

function parseJson(text: string): unknown {
  try {
    return parseBounded(text);
  } catch (cause) {
    throw new InputError(`recipe is not JSON: ${shown(text)}`, { cause });
  }
}
