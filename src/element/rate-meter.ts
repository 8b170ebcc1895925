/** Iterations a second over the last second or so of a run. */

const WINDOW_MS = 1000;

export class RateMeter {
  #samples: { readonly time: number; readonly iteration: number }[] = [];

  clear(): void {
    this.#samples = [];
  }

  /** @param time milliseconds, never going back */
  add(time: number, iteration: number): void {
    this.#samples.push({ time, iteration });
    // Two samples at least: a slow adapter needs more than a window for one iteration.
    while (this.#samples.length > 2 && (this.#samples[1]?.time ?? 0) < time - WINDOW_MS)
      this.#samples.shift();
  }

  get perSecond(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.time <= first.time) return 0;
    return (1000 * (last.iteration - first.iteration)) / (last.time - first.time);
  }
}
