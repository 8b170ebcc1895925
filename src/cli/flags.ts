/** Flags as `program.ts` parses them, and how they make a recipe. What was not given is absent. */

import { InputError } from "../errors.ts";
import type { Preprocess } from "../model/network.ts";
import type { Reading } from "../model/reading.ts";
import { recipeNames, recipeSettings } from "../optvis/named-recipes.ts";
import { defaultRecipe, type Recipe, recipeFieldNames } from "../optvis/recipe.ts";
import { isPng, recipeTextOf } from "../optvis/recipe-picture.ts";
import { parseRecipe } from "../optvis/recipe-text.ts";
import { tunedSettings } from "../optvis/recipes.ts";
import { readInput } from "./files.ts";
import type { RecipeFlags } from "./recipe-flags.ts";

export interface CommonFlags extends Reading {
  /** A file of names. */
  readonly classes?: string;
  readonly model: string;
  readonly runtime: "dawn" | "chromium" | "firefox";
  readonly json?: true;
  /** No server is asked: an address is opened from the cache. */
  readonly offline?: true;
}

export interface RenderFlags extends CommonFlags, RecipeFlags {
  readonly objective?: string;
  readonly out: string;
  readonly target?: string;
}

/**
 * Raw defaults, overruled by the recipe asked for, overruled by the flags.
 * @param preprocess of the network it is for
 */
export async function renderRecipe(flags: RenderFlags, preprocess: Preprocess): Promise<Recipe> {
  const base = await baseRecipe(flags, preprocess);
  const { size = base.size, iterations = base.iterations, objective = base.objective } = flags;
  if (objective === undefined) {
    throw new InputError("required option '--objective <spec>' not specified", {
      remedy: "say it, or take a --recipe FILE that holds one",
    });
  }
  if (size === undefined) {
    throw new InputError("required option '--size <n|hxw>' not specified", {
      remedy: "say it, or take a --recipe FILE.json",
    });
  }
  if (iterations === undefined) {
    throw new InputError("required option '--iterations <n>' not specified", {
      remedy: "say it, or take a --recipe, default for example",
    });
  }
  if (flags.blurEvery !== undefined && flags.blur === undefined && !base.blur) {
    throw new InputError("--blur-every: expected --blur SIGMA with it, got none");
  }
  const { init } = flags;
  const given = Object.fromEntries(recipeFieldNames.map((field) => [field, flags[field]]));
  return {
    ...defaultRecipe,
    ...base,
    ...withoutUndefined(given),
    ...(init === undefined ? {} : { init: initKind(init) }),
    objective,
    size,
    iterations,
  };
}

/** Anything that is neither of the two words is the path of a photo. */
function initKind(init: string): Recipe["init"] {
  return init === "zeros" || init === "noise" ? init : "photo";
}

async function baseRecipe(
  { recipe, objective, size }: RenderFlags,
  preprocess: Preprocess,
): Promise<Partial<Recipe>> {
  if (recipe === undefined) return {};
  if (recipe === "default") return size && objective !== undefined ? tunedSettings(objective, size) : {};
  const named = recipeNames.find((name) => name === recipe);
  if (named) return recipeSettings(named, preprocess);
  const recipes = `default, ${recipeNames.join(", ")}, a JSON file or a PNG that holds its recipe`;
  const bytes = await readInput(recipe, "--recipe", `recipes are ${recipes}`);
  if (isPng(bytes) && recipeTextOf(bytes) === undefined)
    throw new InputError(`--recipe: expected ${recipes}, got a PNG without one: ${recipe}`);
  try {
    return parseRecipe(recipeTextOf(bytes) ?? new TextDecoder().decode(bytes));
  } catch (error) {
    const { cause } = error as InputError;
    if (!(cause instanceof SyntaxError)) throw error;
    throw new InputError(`--recipe: expected ${recipes}, got ${recipe}: ${cause.message}`, { cause });
  }
}

type Defined<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> };

/** The same without the keys that hold nothing, so that defaults can stand before them. */
function withoutUndefined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}
