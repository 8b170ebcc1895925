/** The history of a run: frames of it, evenly spaced, each with all that it takes to go back to it. */

/** One frame; `Held` is what it takes to go back to it. */
export interface Frame<Held> {
  /** Iterations done. */
  readonly iteration: number;
  readonly held: Held;
  /** Of memory. */
  readonly bytes: number;
}

/** Frames at most, and what they may take together. */
const MOST_FRAMES = 48;
const MOST_BYTES = 96 * 2 ** 20;
const LEAST_FRAMES = 4;

export class History<Held> {
  #frames: readonly Frame<Held>[] = [];
  /** What came after the frame that was gone back to last. */
  #left: readonly Frame<Held>[] = [];
  /** Iterations between two frames. */
  #every = 1;

  /** In the order of their iterations. */
  get frames(): readonly Frame<Held>[] {
    return this.#frames;
  }

  /** The frames of the run before it was gone back: the other way on from there. Empty where there was none. */
  get left(): readonly Frame<Held>[] {
    return this.#left;
  }

  /** Whether a frame of this iteration would be one more. */
  wants(iteration: number): boolean {
    const last = this.#frames.at(-1);
    return last === undefined || iteration >= last.iteration + this.#every;
  }

  /** Takes a frame. Those that it follows no more, since the run went back, are left aside. */
  add(frame: Frame<Held>): void {
    this.goBack(frame.iteration - 1);
    this.#frames = [...this.#frames, frame];
    const most = Math.max(
      LEAST_FRAMES,
      Math.min(MOST_FRAMES, Math.floor(MOST_BYTES / Math.max(1, frame.bytes))),
    );
    while (this.#frames.length > most) this.#thin();
  }

  /** The run goes on from an iteration: later frames are of the other way. */
  goBack(iteration: number): void {
    const later = this.#frames.filter((frame) => frame.iteration > iteration);
    if (later.length === 0) return;
    this.#left = later;
    this.#frames = this.#frames.filter((frame) => frame.iteration <= iteration);
  }

  /** Takes the way that was left; what it leaves is the way taken before, from where they part. */
  swap(): void {
    const from = this.#left[0]?.iteration ?? Infinity;
    const [before, after] = [
      this.#frames.filter(({ iteration }) => iteration < from),
      this.#frames.filter(({ iteration }) => iteration >= from),
    ];
    this.#frames = [...before, ...this.#left];
    this.#left = after;
  }

  /** Forgets everything: another run begins. */
  clear(): void {
    this.#frames = [];
    this.#left = [];
    this.#every = 1;
  }

  /** Leaves every other frame out; the first and the newest stay. */
  #thin(): void {
    this.#every *= 2;
    const { length } = this.#frames;
    this.#frames = this.#frames.filter((_, i) => i % 2 === 0 || i === length - 1);
  }
}
