/** An objective that is 0 from the start on: nothing rises, and the picture stays as it began. */
import type { Recipe } from "./recipe.ts";

/** Values before it is said: one 0 may be chance. */
const ENOUGH = 2;

/** Watches the objective's values of a run. */
export class Silence {
  #values = 0;
  #broken = false;

  /** Takes values as they come, of all images. */
  record(values: readonly number[]): void {
    this.#values += values.length;
    this.#broken ||= values.some((value) => value !== 0);
  }

  /** Forgets them, since the run begins again. */
  clear(): void {
    this.#values = 0;
    this.#broken = false;
  }

  /** What to say of it, in one line: that, why, and what to try; undefined where a value was not 0. */
  remark({ objective, init }: Pick<Recipe, "objective" | "init">): string | undefined {
    if (this.#broken || this.#values < ENOUGH) return undefined;
    const start = init === "noise" ? "another seed" : "to start from noise";
    return (
      `${objective} stayed 0: no unit in it ever fires, so there is no gradient to climb; ` +
      `try ${start}, a larger size, or the convolution (conv…) instead of its ReLU`
    );
  }
}
