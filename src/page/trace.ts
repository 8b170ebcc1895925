/** The objective's values of one run, thinned evenly once there are more than a screen can show. */

const MOST_POINTS = 8192;

export class Trace {
  readonly iterations: number[] = [];
  readonly values: number[] = [];
  #every = 1;

  /**
   * Of a run that has gone back, what came after is forgotten.
   * @param last iteration of the newest of `values`, which are one an iteration, oldest first
   */
  add(values: readonly number[], last: number): void {
    this.#cut(last - values.length);
    for (const [index, value] of values.entries()) {
      const iteration = last - values.length + 1 + index;
      if (iteration % this.#every !== 0 || !Number.isFinite(value)) continue;
      this.iterations.push(iteration);
      this.values.push(value);
    }
    if (this.iterations.length > MOST_POINTS) this.#thin();
  }

  clear(): void {
    this.iterations.length = 0;
    this.values.length = 0;
    this.#every = 1;
  }

  /** Forgets what is of later iterations. */
  #cut(iteration: number): void {
    const kept = this.iterations.findLastIndex((one) => one <= iteration) + 1;
    this.iterations.length = kept;
    this.values.length = kept;
  }

  #thin(): void {
    this.#every *= 2;
    const kept = this.iterations.map((iteration) => iteration % this.#every === 0);
    for (const list of [this.iterations, this.values]) {
      list.splice(0, list.length, ...list.filter((_, index) => kept[index]));
    }
  }
}
