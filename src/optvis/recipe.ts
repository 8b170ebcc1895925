/**
 * A recipe is everything that decides a picture besides the weights: one JSON value, one URL. Its fields are the rows
 * of `recipe-fields.ts`. Pixels are RGB in 0–1 units; learning rates are in those units; L2 pulls toward the zero input.
 */
import { defaultsOf, type NamesWith, type ValuesOf } from "./field.ts";
import { type RecipeRow, recipeFields } from "./recipe-fields.ts";

export type RecipeFields = typeof recipeFields;

export type Recipe = ValuesOf<RecipeFields>;

/** What is optimised: see `params/`. */
export type ParamKind = Recipe["param"];
export type OptimizerKind = Recipe["optimizer"];

/** Fields that may change while an ascent runs: they are uniforms of its kernels. */
export type LiveField = NamesWith<RecipeFields, { readonly live: "always" }>;

/** Those, and the ones of which some changes can be taken while an ascent runs. */
export type SteeredField = NamesWith<RecipeFields, { readonly live: "always" | "sometimes" }>;

/** Fields that say how the ascent goes, and not what is drawn on what canvas. */
export type AscentField = NamesWith<RecipeFields, { readonly group: "ascent" }>;

/** Plain ascent: what the command line's flags mean when they are not given. Tuned ones: `recipes.ts`. */
export const defaultRecipe: Recipe = defaultsOf(recipeFields);

/** Plain ascent as it is measured: from noise and without the redirect all iterations run the same kernels. */
export const benchRecipe: Recipe = { ...defaultRecipe, init: "noise", redirect: false };

/** Names of the fields, in the order of the rows. */
export const recipeFieldNames = Object.keys(recipeFields) as readonly (keyof Recipe)[];

export const liveFields: readonly LiveField[] = recipeFieldNames.filter(
  (name): name is LiveField => recipeRow(name).live === "always",
);

/** `defaultRecipe` without what is drawn and on what canvas. */
export const plainAscent = Object.fromEntries(
  recipeFieldNames
    .filter((name) => recipeRow(name).group === "ascent")
    .map((name) => [name, defaultRecipe[name]]),
) as unknown as Pick<Recipe, AscentField>;

/** A field's row, as all rows are. */
export function recipeRow(name: keyof Recipe): RecipeRow {
  return recipeFields[name];
}
