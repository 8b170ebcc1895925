/**
 * How many iterations go into one submission: as many as fill a frame. Where completion is only seen on a
 * coarse timer (Firefox: 100 ms) a longer submission costs no more time; growing goes on while it pays.
 */
export class SubmissionSize {
  readonly #frameMs: number;
  readonly #most: number;
  #count = 1;
  /** Count and milliseconds an iteration of the last submission of another size. */
  #before: { readonly count: number; readonly ms: number } | undefined;

  /** @param most iterations a submission may ever have */
  constructor(frameMs: number, most: number) {
    this.#frameMs = frameMs;
    this.#most = most;
  }

  /** Iterations of the next submission. */
  get count(): number {
    return this.#count;
  }

  /** @param milliseconds that `count` iterations took */
  record(count: number, milliseconds: number): void {
    if (count !== this.#count) return;
    const ms = milliseconds / count;
    const before = this.#before;
    const pays = before !== undefined && before.count < count && ms < 0.75 * before.ms;
    const fits = Math.max(1, Math.floor(this.#frameMs / ms));
    let next = Math.min(fits, 2 * count);
    if (pays || (before === undefined && fits < 2)) next = 2 * count;
    // Growing did not pay: back to what fits, and no more trying at this size.
    if (before !== undefined && before.count < count && !pays)
      next = Math.min(next, Math.max(fits, before.count));
    next = Math.min(next, this.#most);
    if (next !== count) this.#before = { count, ms };
    this.#count = next;
  }
}
