/**
 * Checkpoints of an ascent: everything that its next iterations depend on, as plain data. An ascent of the same recipe goes
 * on from one to the bits of the ascent that it was taken of, on the same adapter.
 */
import { InputError } from "../../errors.ts";
import { reweighed } from "../../optvis/algebra.ts";
import { liveFields, type Recipe, recipeFieldNames } from "../../optvis/recipe.ts";
import { isMoment, STATE } from "../plan/buffer-names.ts";
import type { Plan, Stage } from "../plan/plan.ts";
import type { CourseState } from "./course.ts";

/** Survives `structuredClone` and IndexedDB. */
export interface Checkpoint {
  /** Iterations done. */
  readonly iteration: number;
  /** What lives from one iteration to the next, as bytes: numbers that are optimised, moments, the step counter. */
  readonly buffers: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  readonly course: CourseState;
  /** Somebody replaced the images since the ascent began, so no recipe draws them. */
  readonly replaced: boolean;
}

/** Names of the plan's buffers that live from one iteration to the next. */
export function lastingBuffers({ coarse, whole, buffers }: Plan): string[] {
  const stages: readonly Stage[] = coarse ? [coarse, whole] : [whole];
  const starts = stages.flatMap(({ start }) => [start.values, ...(start.alpha ? [start.alpha] : [])]);
  const moments = buffers.map(({ name }) => name).filter(isMoment);
  return [...new Set([STATE, ...starts, ...moments])];
}

/** Fields that a checkpoint may have otherwise: data, not kernels or sizes. */
const FREE: ReadonlySet<keyof Recipe> = new Set([
  ...liveFields,
  ...(["objective", "init", "seed", "iterations", "changes"] as const),
]);

/**
 * @param recipe of the ascent that is to go on
 * @throws InputError for a checkpoint of another ascent: its numbers would mean something else
 */
export function expectSameAscent(plan: Plan, recipe: Recipe, { course: { now }, buffers }: Checkpoint): void {
  const other = recipeFieldNames.find(
    (field) => !FREE.has(field) && JSON.stringify(now[field]) !== JSON.stringify(recipe[field]),
  );
  if (other !== undefined || !reweighed(recipe.objective, now.objective)) {
    const field = other ?? "objective";
    throw new InputError(`the checkpoint is of ${field} ${now[field]}, and the ascent of ${recipe[field]}`, {
      remedy: "go on with an ascent of the checkpoint's recipe",
    });
  }
  const lasting = new Map(plan.buffers.map(({ name, bytes }) => [name, bytes]));
  for (const [name, { byteLength }] of buffers) {
    const expected = lasting.get(name);
    if (expected !== byteLength)
      throw new InputError(
        `the checkpoint has ${byteLength} bytes of ${name}, and the ascent ${expected ?? "none"}`,
        {
          remedy: "go on with the network and the recipe that it was taken of",
        },
      );
  }
}
