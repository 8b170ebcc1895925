/** Steers an ascent while it runs: changes live settings of its recipe, and the uniforms that hold them. */
import { InputError } from "../../errors.ts";
import { reweighed, weighedTerms } from "../../optvis/algebra.ts";
import { withWeights } from "../../optvis/changes.ts";
import { liveFields, type Recipe } from "../../optvis/recipe.ts";
import { checkRecipe } from "../../optvis/recipe-text.ts";
import { expectRegularizers } from "../../optvis/regularizers.ts";
import { weightKey } from "../../optvis/terms/context.ts";
import { dependsOnIterations } from "../../optvis/transforms/transforms.ts";
import type { Plan } from "../plan/plan.ts";
import type { LiveSettings } from "./ascent-options.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * Checks settings and writes them to the uniforms.
 * @returns the recipe as it is then
 * @throws InputError for what is out of bounds or cannot change any more; nothing has changed then
 */
export function steer(scheduler: Scheduler, recipe: Recipe, settings: LiveSettings): Recipe {
  const { weights = [], objective, iterations, changes, ...fields } = settings;
  checkRecipe({ ...recipe, ...fields });
  expectRegularizers({ ...recipe, ...fields });
  if (iterations !== undefined) expectSameZoom(recipe, iterations);
  const changed = objective === undefined ? [] : weightsOf(recipe, objective);
  for (const field of liveFields) {
    const value = fields[field];
    if (value !== undefined) scheduler.set(field, value);
  }
  for (const given of [changed, weights]) {
    for (const [i, weight] of given.entries()) scheduler.set(weightKey(i), weight);
  }
  const live = Object.fromEntries(
    liveFields.flatMap((field) => (fields[field] === undefined ? [] : [[field, fields[field]]])),
  );
  return {
    ...recipe,
    ...live,
    ...(iterations !== undefined && { iterations }),
    ...(changes !== undefined && { changes }),
    objective: weighed(objective ?? recipe.objective, weights),
  };
}

/** The objective's text with weights that were given; as it is where it is not the text of what is maximised. */
function weighed(objective: string, weights: readonly number[]): string {
  const terms = weighedTerms(objective) ?? [];
  return weights.length > terms.length ? objective : withWeights(objective, new Map(weights.entries()));
}

function expectSameZoom({ iterations: before, transforms }: Recipe, iterations: number): void {
  if (iterations === before || !dependsOnIterations(transforms)) return;
  throw new InputError(`iterations: ${transforms} was planned for ${before} of them, not ${iterations}`, {
    remedy: "make a new ascent",
  });
}

function weightsOf(recipe: Recipe, objective: string): readonly number[] {
  const weights = reweighed(recipe.objective, objective);
  if (weights) return weights;
  throw new InputError(`objective: ${objective} has other terms than ${recipe.objective}`, {
    remedy: "make a new ascent",
  });
}

/** An ascent begun from a photograph that is too small for the network at half its size has no coarse iterations. */
export function expectCoarse({ coarse }: Plan, recipe: Pick<Recipe, "coarse" | "init" | "param">): void {
  if (coarse || recipe.coarse === 0 || recipe.param !== "pixel" || recipe.init === "photo") return;
  throw new InputError("coarse: at half the size the image is too small for the network", {
    remedy: "make a new ascent with a larger size, or with coarse 0",
  });
}
