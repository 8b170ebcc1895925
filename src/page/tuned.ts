/** Tuned settings: those that nobody has changed follow the network, the kind of subject and the size. */
import { placeInNetwork } from "../element/placement.ts";
import type { Network } from "../model/network.ts";
import { coarseSize } from "../optvis/coarse.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { type TunedSettings, tunedSettings } from "../optvis/recipes.ts";

/** Of a subject at a size; begun at half of it only where the network takes that. */
export function tunedFor(recipe: Recipe, network: Network | undefined): TunedSettings {
  const settings = tunedSettings(recipe.objective, recipe.size);
  if (settings.coarse === 0 || network === undefined) return settings;
  try {
    placeInNetwork(network, { ...recipe, size: coarseSize(recipe.size) });
    return settings;
  } catch {
    return { ...settings, coarse: 0 };
  }
}

/** Whether a recipe has the tuned settings of its objective and size. */
export function isTuned(recipe: Recipe, network: Network | undefined): boolean {
  const fields = Object.entries(tunedFor(recipe, network));
  return fields.every(([field, value]) => recipe[field as keyof Recipe] === value);
}

/** With more settings of one's own a recipe is somebody's, and none of it follows. */
const MOST_OWN = 3;

/**
 * The recipe after a change. Each setting that was tuned is tuned for the new subject, size and network; those that
 * somebody has set stay, and the change overrules both.
 * @param before the network of the recipe as it is
 */
export function changedRecipe(
  recipe: Recipe,
  change: Partial<Recipe>,
  network: Network | undefined,
  before: Network | undefined,
): Recipe {
  const old = tunedFor(recipe, before);
  const tuned = tunedFor({ ...recipe, ...change }, network);
  const fields = Object.keys(tuned) as (keyof TunedSettings)[];
  const untouched = fields.filter((field) => recipe[field] === old[field]);
  if (untouched.length < fields.length - MOST_OWN) return { ...recipe, ...change };
  const followed = Object.fromEntries(untouched.map((field) => [field, tuned[field]]));
  return { ...recipe, ...followed, ...change };
}
