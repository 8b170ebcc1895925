/** The flags that make a recipe, from the rows of its fields: `render` and `atlas` have them. */

import type { Command } from "commander";
import { recipeNames } from "../optvis/named-recipes.ts";
import { type Recipe, recipeFieldNames, recipeRow } from "../optvis/recipe.ts";
import { addFlag, type FlagOptions, plainValue } from "./table-flags.ts";

/** Every command has an `--objective` of its own, or none. */
type FlagField = Exclude<keyof Recipe, "objective">;

/** What the flags hold; what was not given is absent. A start is one of two words, or the path of a photo. */
export type RecipeFlags = Partial<Omit<Recipe, "objective" | "init"> & { readonly init: string }> & {
  /** `default`, a named recipe, a JSON file, or a picture that holds its recipe. */
  readonly recipe?: string;
};

/** How one command has them. */
export interface RecipeFlagOptions {
  /** What holds where a flag is left out, as help says it; undefined where there is nothing to say. */
  readonly leftOut: (field: FlagField | "recipe", plain?: string) => string | undefined;
  /** Flags that it does not have. */
  readonly without?: readonly FlagField[];
}

/** Flags that are not as their rows say. */
const OWN: { readonly [Field in FlagField]?: FlagOptions } = {
  init: {
    help: "zeros (the mean colour), noise, or a photo (PNG, JPEG), which is cropped around its centre",
    read: (path) => path,
  },
  alpha: { negatable: false },
};

const RECIPE = `default for tuned settings, ${recipeNames.join(", ")}, or a JSON file or a PNG that holds its recipe; other flags overrule it; simonyan2013 and cs231n were made for class:, yosinski2015 for class: or neuron:`;

/** Pixels are RGB in 0–1 units; so is the learning rate. */
export function addRecipeFlags(target: Command, options: RecipeFlagOptions): Command {
  target.optionsGroup("Picture:");
  addGroup(target, "canvas", options);
  const says = options.leftOut("recipe");
  target.option("--recipe <name>", says ? `${RECIPE} (${says})` : RECIPE);
  target.optionsGroup("Ascent (in RGB 0–1 units):");
  addGroup(target, "ascent", options);
  return target;
}

function addGroup(
  target: Command,
  group: "canvas" | "ascent",
  { leftOut, without }: RecipeFlagOptions,
): void {
  for (const field of recipeFieldNames) {
    const row = recipeRow(field);
    if (field === "objective" || row.group !== group || without?.includes(field)) continue;
    addFlag(target, field, row, { leftOut: leftOut(field, row.leftOut ?? plainValue(row)), ...OWN[field] });
  }
}
