/** A plateau: the gain of an objective over some iterations has become small. */

/** Iterations between two checks. */
const SPAN = 20;

export class Plateau {
  /** Mean objective over the batch by iteration, the last SPAN + 1 of them. */
  readonly #recent = new Map<number, number>();

  /** Takes the objective of iterations up to `end`, images of each. */
  record(end: number, objective: readonly (readonly number[])[]): void {
    for (const [i, values] of objective.entries()) {
      const iteration = end - objective.length + i;
      this.#recent.set(iteration, values.reduce((sum, value) => sum + value, 0) / values.length);
      this.#recent.delete(iteration - SPAN - 1);
    }
  }

  /** Whether the relative gain over the last SPAN of `finished` iterations, at a check, is below `eps`. */
  reached(finished: number, eps: number): boolean {
    if (finished % SPAN !== 1) return false;
    const before = this.#recent.get(finished - 1 - SPAN);
    const now = this.#recent.get(finished - 1);
    if (before === undefined || now === undefined) return false;
    return (now - before) / Math.abs(before) < eps;
  }

  clear(): void {
    this.#recent.clear();
  }
}

/** The next count of iterations after which there is a check: 1, 21, 41, … */
export function nextCheck(iteration: number): number {
  return Math.ceil(Math.max(0, iteration) / SPAN) * SPAN + 1;
}
