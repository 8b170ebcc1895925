/** The settings of an ascent as it goes: what it began with, what was changed by hand, and what its recipe changes. */
import type { Change } from "../../optvis/changes.ts";
import { afterChanges, changesBetween, changesOf, followedBy, recipeOfCourse } from "../../optvis/course.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import { expectRegularizers } from "../../optvis/regularizers.ts";
import type { LiveSettings } from "./ascent-options.ts";
import type { Scheduler } from "./scheduler.ts";
import { steer } from "./steering.ts";

/** Where a course stands. */
export interface CourseState {
  readonly asked: Recipe;
  readonly begun: Recipe;
  readonly now: Recipe;
  readonly made: readonly Change[];
  readonly ahead: readonly Change[];
}

export class Course {
  readonly #scheduler: Scheduler;
  /** What it begins again with: settings changed by hand stay, those that the recipe changes do not. */
  #asked: Recipe;
  /** What it began with. */
  #begun: Recipe;
  #now: Recipe;
  /** Changes made. */
  #made: readonly Change[] = [];
  /** Changes of the recipe that were not reached yet. */
  #ahead: readonly Change[] = [];

  /** @throws InputError for changes that the recipe has no use for */
  constructor(scheduler: Scheduler, recipe: Recipe) {
    this.#scheduler = scheduler;
    this.#asked = recipe;
    this.#begun = recipe;
    this.#now = recipe;
    this.#ahead = expectedChanges(recipe);
  }

  /** The settings that the next iteration has. */
  get now(): Recipe {
    return this.#now;
  }

  /**
   * Starts again from the first iteration.
   * @throws InputError as `steer`; nothing has changed then
   */
  begin(fields: Partial<Recipe>): void {
    const recipe = { ...this.#asked, ...fields };
    const ahead = expectedChanges(recipe);
    const steered = this.#steerTo(recipe);
    this.#asked = steered;
    this.#begun = steered;
    this.#now = steered;
    this.#made = [];
    this.#ahead = ahead;
  }

  /** Sets everything live as a recipe has it. The weights that were changed become what they are there. */
  #steerTo(recipe: Recipe): Recipe {
    const { objective, ...live } = recipe;
    const { objective: before } = this.#now;
    const weights = objective === before ? {} : { objective };
    return steer(this.#scheduler, { ...recipe, objective: before }, { ...live, ...weights });
  }

  get state(): CourseState {
    return { asked: this.#asked, begun: this.#begun, now: this.#now, made: this.#made, ahead: this.#ahead };
  }

  /**
   * Goes on from where another course stood.
   * @throws InputError as `steer`; nothing has changed then
   */
  restore({ asked, begun, now, made, ahead }: CourseState): void {
    this.#now = this.#steerTo(now);
    this.#asked = asked;
    this.#begun = begun;
    this.#made = made;
    this.#ahead = ahead;
  }

  /**
   * Changes settings by hand.
   * @param at the iteration that has them first
   * @throws InputError as `steer`; nothing has changed then
   */
  set(at: number, live: LiveSettings): void {
    const ahead = live.changes === undefined ? undefined : expectedChanges({ ...this.#asked, ...live });
    const before = this.#now;
    this.#now = steer(this.#scheduler, before, live);
    const changes = changesBetween(at, before, this.#now);
    const { changes: list, iterations } = this.#now;
    this.#asked = { ...afterChanges(this.#asked, changes), changes: list, iterations };
    if (ahead) this.#ahead = ahead.filter((change) => change.at >= at);
    if (at > 0) this.#made = followedBy(this.#made, changes);
    else {
      this.#begun = this.#asked;
      this.#made = this.#made.filter(({ field }) => !changes.some((change) => change.field === field));
    }
  }

  /** Makes the changes that the recipe has for an iteration. */
  reach(at: number): void {
    const due = this.#ahead.filter((change) => change.at <= at);
    if (due.length === 0) return;
    this.#ahead = this.#ahead.filter((change) => change.at > at);
    const before = this.#now;
    const { iterations: _i, changes: _c, ...settings } = afterChanges(before, due);
    this.#now = steer(this.#scheduler, before, settings);
    this.#made = followedBy(this.#made, changesBetween(at, before, this.#now));
  }

  /** The next iteration for which the recipe has a change. */
  get next(): number {
    return this.#ahead[0]?.at ?? Infinity;
  }

  /**
   * The recipe that draws what was drawn, with the changes that are still ahead.
   * @param iterations up to which
   */
  recipe(iterations: number): Recipe {
    return recipeOfCourse(this.#begun, followedBy(this.#made, this.#ahead), iterations);
  }
}

/** @throws InputError for a term that the objective does not have, and for what works on pixels alone */
function expectedChanges(recipe: Recipe): Change[] {
  const changes = changesOf(recipe);
  for (const change of changes) expectRegularizers(afterChanges(recipe, [change]));
  return changes;
}
