/**
 * The iterations of an ascent: which come next, how many go into a submission, and what they report. What an iteration
 * runs is decided when it is submitted, from the settings as they are then.
 */
import type { Sequence } from "../../gpu/program.ts";
import { RING } from "../plan/buffer-names.ts";
import { iterationOf, reachable } from "../plan/iteration.ts";
import type { Progress, RunOptions } from "./ascent-options.ts";
import type { Course } from "./course.ts";
import { nextCheck, Plateau } from "./plateau.ts";
import type { Scheduler } from "./scheduler.ts";
import { SubmissionSize } from "./submission-size.ts";
import { DEPTH, type Flight, type Submissions } from "./submissions.ts";

export class Iterations {
  readonly #scheduler: Scheduler;
  readonly #submissions: Submissions;
  readonly #course: Course;
  readonly #plateau = new Plateau();

  constructor(scheduler: Scheduler, submissions: Submissions, course: Course) {
    this.#scheduler = scheduler;
    this.#submissions = submissions;
    this.#course = course;
  }

  /** Forgets what was reported, since the ascent begins again, or goes on from another iteration. */
  clear(iteration = 0): void {
    this.#submissions.countFrom(iteration);
    this.#plateau.clear();
  }

  /** What the next iteration runs. */
  next(): Sequence {
    const { submitted } = this.#submissions;
    this.#course.reach(submitted);
    return iterationOf(this.#scheduler.plan, submitted, this.#course.now);
  }

  /** Everything that iterations may run as settings are now. */
  get #all(): Sequence {
    return reachable(this.#scheduler.plan, this.#course.now);
  }

  prepareAll(): Promise<void> {
    return this.#scheduler.prepare(this.#all);
  }

  /** Iterates, reporting after every submission. */
  async *run(options: RunOptions): AsyncGenerator<Progress, void, void> {
    let { iterations } = options;
    if (iterations > 0 && !options.signal?.aborted && !this.#scheduler.ready(this.#all)) {
      // Only what the first iteration runs, so that there is a picture before the rest is compiled.
      yield* this.#replay({ ...options, iterations: 1 }, () => this.next());
      iterations--;
    }
    yield* this.#replay({ ...options, iterations }, () => this.#all);
  }

  /** @param needed what must be prepared before a submission: more than before where clipping was turned off */
  async *#replay(options: RunOptions, needed: () => Sequence): AsyncGenerator<Progress, void, void> {
    const { until, signal } = options;
    const listen = options.objective === true || until !== undefined;
    const end = this.#submissions.submitted + options.iterations;
    const size = new SubmissionSize(options.frameMs ?? 50, RING / DEPTH);
    const flights: Flight[] = [];
    try {
      for (;;) {
        while (
          flights.length < (until === undefined ? DEPTH : 1) &&
          this.#submissions.submitted < end &&
          !signal?.aborted
        ) {
          const { submitted: at } = this.#submissions;
          this.#course.reach(at);
          while (!this.#scheduler.ready(needed())) await this.#scheduler.prepare(needed());
          const limit = Math.min(end, this.#course.next, until === undefined ? Infinity : nextCheck(at));
          flights.push(this.#iterate(Math.min(size.count, limit - at), listen, size));
        }
        const flight = flights.shift();
        if (!flight) return;
        const objective = await this.#land(flight);
        yield { iteration: this.#submissions.finished, ...(objective && { objective }) };
        if (until !== undefined && this.#plateau.reached(this.#submissions.finished, until)) return;
      }
    } finally {
      // What fails there too (an overflow once seen is seen by all) must not hide what failed first.
      for (const flight of flights) await this.#land(flight).catch(() => undefined);
    }
  }

  /** One iteration. @returns the objective of each image before the update, L2 included */
  async step(): Promise<number[]> {
    await this.#scheduler.prepare(this.next());
    const objective = await this.#land(this.#iterate(1, true));
    return objective?.[0] ?? [];
  }

  /** Submits `count` iterations; reads their objective values back if somebody listens. */
  #iterate(count: number, listen: boolean, size?: SubmissionSize): Flight {
    const first = this.#submissions.submitted;
    const { plan } = this.#scheduler;
    const iterations = Array.from({ length: count }, (_, i) =>
      iterationOf(plan, first + i, this.#course.now, listen),
    );
    return this.#submissions.iterate(iterations, listen, size);
  }

  async #land(flight: Flight): Promise<number[][] | undefined> {
    const objective = await this.#submissions.land(flight);
    if (objective) this.#plateau.record(flight.end, objective);
    return objective;
  }
}
