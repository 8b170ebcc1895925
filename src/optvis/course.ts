/**
 * The course of an ascent: what it began with, what changed at which iteration, and how far it went. All of that is in
 * one recipe, so that a picture that was steered, stopped or continued can be drawn again.
 */
import { weighedTerms } from "./algebra.ts";
import { type Change, formatChanges, parseChanges, termOf, weightChange, withWeights } from "./changes.ts";
import { liveFields, type Recipe } from "./recipe.ts";
import { recipeFields } from "./recipe-fields.ts";
import { dependsOnIterations } from "./transforms/transforms.ts";

/** A recipe's changes, in the order of their iterations. */
export function changesOf({ changes }: Pick<Recipe, "changes">): Change[] {
  return parseChanges(changes, recipeFields);
}

/** After how many iterations a recipe ends. */
export function endOf(recipe: Pick<Recipe, "changes" | "iterations">): number {
  const last = changesOf(recipe).findLast(({ field }) => field === "iterations");
  return last?.value ?? recipe.iterations;
}

/**
 * A recipe's settings after changes.
 * @throws InputError for the weight of a term that the objective does not have
 */
export function afterChanges(recipe: Recipe, changes: readonly Change[]): Recipe {
  const weights = new Map<number, number>();
  const fields: Record<string, number> = {};
  for (const change of changes) {
    const term = termOf(change);
    if (term !== undefined) weights.set(term, change.value);
    // When it ends is no setting of an iteration: a zoom goes on as it was planned.
    else if (change.field !== "iterations") fields[change.field] = change.value;
  }
  return { ...recipe, ...fields, objective: withWeights(recipe.objective, weights) };
}

/** What has to change at an iteration so that the settings before it become those after it. */
export function changesBetween(at: number, before: Recipe, after: Recipe): Change[] {
  const fields = liveFields
    .filter((field) => before[field] !== after[field])
    .map((field) => ({ at, field, value: after[field] }));
  const old = weighedTerms(before.objective) ?? [];
  const now = weighedTerms(after.objective) ?? [];
  const weights = now.flatMap(({ weight }, i) =>
    weight === old[i]?.weight ? [] : [weightChange(at, i, weight)],
  );
  return [...fields, ...weights];
}

/** Changes followed by others; of two of one field at one iteration only the later one counts. */
export function followedBy(changes: readonly Change[], later: readonly Change[]): Change[] {
  const isOverruled = ({ at, field }: Change) =>
    later.some((change) => change.at === at && change.field === field);
  return [...changes.filter((change) => !isOverruled(change)), ...later];
}

/**
 * The recipe that draws what an ascent has drawn.
 * @param begun the recipe as it was at the first iteration
 * @param changes while it ran
 * @param iterations how far it went
 */
export function recipeOfCourse(begun: Recipe, changes: readonly Change[], iterations: number): Recipe {
  const made = changes.filter(({ at, field }) => at < iterations && field !== "iterations");
  const planned = begun.iterations;
  if (iterations === planned || !dependsOnIterations(begun.transforms))
    return { ...begun, iterations, changes: formatChanges(made) };
  // What a zoom does depends on the iterations that were planned.
  const end: Change = { at: Math.min(iterations, planned), field: "iterations", value: iterations };
  return { ...begun, changes: formatChanges([...made, end]) };
}
