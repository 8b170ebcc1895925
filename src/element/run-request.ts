/** What an element asks of its run, and whether a change of that can be taken by a run that is going. */
import type { TuningStorage } from "../engine/kernels/tuning-memory.ts";
import type { LiveSettings } from "../engine/run/ascent-options.ts";
import { sameReading } from "../model/reading.ts";
import { formatValue } from "../optvis/field.ts";
import { type Recipe, recipeFieldNames, recipeRow } from "../optvis/recipe.ts";
import type { ModelRequest } from "./resources.ts";

/** Everything a run needs. */
export interface RunRequest extends ModelRequest {
  readonly recipe: Recipe;
  /** URL of a photograph or the file itself, for `init: "photo"`. */
  readonly photo: string | Blob | undefined;
  /** The same of what the objective compares with; the start's photograph if absent. */
  readonly target: string | Blob | undefined;
  /** Where tunings are remembered, if anywhere. */
  readonly tuning: TuningStorage | undefined;
}

/**
 * The fields that differ, where nothing else differs and each of them is live, `always` or `sometimes`.
 * @returns undefined where the run has to start again
 */
export function steeringOf(before: RunRequest, now: RunRequest): LiveSettings | undefined {
  const { recipe: old, reading: oldReading, ...others } = before;
  const { recipe, reading, ...rest } = now;
  if (!sameReading(oldReading, reading)) return undefined;
  const keys = Object.keys(others) as (keyof typeof others)[];
  if (keys.some((key) => others[key] !== rest[key])) return undefined;
  const changed = recipeFieldNames.filter((field) => formatValue(old[field]) !== formatValue(recipe[field]));
  if (!changed.every((field) => recipeRow(field).live)) return undefined;
  return Object.fromEntries(changed.map((field) => [field, recipe[field]])) as LiveSettings;
}
