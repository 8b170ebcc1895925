/** What an ascent is asked, when it is made and while it runs, and what it reports. */
import type { LiveField, Recipe, SteeredField } from "../../optvis/recipe.ts";
import type { Objective } from "../../optvis/term.ts";
import type { VariantOptions } from "../kernels/variant-choice.ts";
import type { PlanOptions } from "../plan/plan.ts";

export interface AscentOptions extends VariantOptions {
  /**
   * Start of `init: "photo"`: RGB in 0–1 units, (3,H,W) at the recipe's size; with an alpha channel RGBA, (4,H,W), too. Of
   * a network that reads grey it becomes grey.
   */
  readonly photo?: Float32Array | undefined;
  /** What terms that compare with a photograph compare with, as `photo`; the photo itself if absent. */
  readonly target?: Float32Array | undefined;
  /** Instead of the recipe's, for objectives that have no spec. */
  readonly objective?: Objective | undefined;
  /** What is asked of it first, whose kernels are compiled while the weights arrive; default `iteration`. */
  readonly first?: "iteration" | "gradient" | "value" | undefined;
  /** Which kernels to use and what to skip; the defaults suit every device. */
  readonly plan?: Omit<PlanOptions, "bindingLimit">;
  /** Caps the size of a weight buffer below the device's binding limit; for tests. */
  readonly bindingLimit?: number;
}

export interface RunOptions {
  readonly iterations: number;
  /** Stop when the objective's relative gain over 20 iterations is below this; seen every 20 iterations. */
  readonly until?: number;
  readonly signal?: AbortSignal;
  /** Read objective values back, once a submission. */
  readonly objective?: boolean;
  /** Milliseconds a submission should take; default 50. */
  readonly frameMs?: number;
}

export interface Progress {
  /** Iterations finished. */
  readonly iteration: number;
  /** Objective of each new iteration and image, on the image before its update, L2 included. */
  readonly objective?: readonly (readonly number[])[];
}

/** Recipe fields that `reset` may change: they are data, not kernels or sizes. */
export type ResetOptions = Partial<Pick<Recipe, "init" | "seed" | LiveField>> & {
  readonly photo?: Float32Array;
};

/**
 * What `set` takes: of the fields that are live `sometimes`, an objective of the same terms with other weights, and a
 * number of iterations, which whoever runs them counts. A zoom is planned for so many, and then they cannot change. Of
 * `changes` those count that are still ahead.
 */
export type LiveSettings = Partial<Pick<Recipe, SteeredField>> & {
  /** Of the objective's terms, in their order. */
  readonly weights?: readonly number[];
};
