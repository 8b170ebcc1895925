/**
 * Submissions of an ascent. Many iterations go to the GPU at once. While one submission runs, the next is encoded. The
 * objective's values are read back once a submission, and only if somebody listens.
 */
import { InputError } from "../../errors.ts";
import { orLost, readBuffer } from "../../gpu/device.ts";
import type { Sequence } from "../../gpu/program.ts";
import { RING, VALUES } from "../plan/buffer-names.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SubmissionSize } from "./submission-size.ts";

/** A submission under way. */
export interface Flight {
  /** Iterations made when it is finished. */
  readonly end: number;
  /** Objective of each of its iterations and images, where it is read back. */
  readonly finished: Promise<number[][] | undefined>;
}

/** Submissions in flight: while one runs the next is encoded. */
export const DEPTH = 2;
/** Most work of the first submission, before the device's speed is known: well under a second at 4 GFLOP/s. */
const FIRST_FLOPS = 2e9;
/** Bytes of the word that kernels in half precision set when a number overflows. It follows the objective's values. */
const OVERFLOW_BYTES = 4;
/** Longest a submission should take: the watchdog of some systems fires after 2 s. */
const WATCHDOG_MS = 1000;

export class Submissions {
  readonly #scheduler: Scheduler;
  readonly #stagings: readonly GPUBuffer[];
  /** Iterations submitted, and iterations known to be finished. */
  #submitted = 0;
  #finished = 0;
  #flights = 0;
  #msPerFlop: number | undefined;
  #encodingMs = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const { batch, overflow } = scheduler.plan;
    const bytes = 4 * RING * batch + (overflow ? OVERFLOW_BYTES : 0);
    this.#stagings = Array.from({ length: DEPTH }, (_, i) =>
      scheduler.gpu.buffer(`objective read back ${i}`, bytes, usage),
    );
  }

  /** Iterations submitted. */
  get submitted(): number {
    return this.#submitted;
  }

  /** Iterations known to be finished. */
  get finished(): number {
    return this.#finished;
  }

  /** Milliseconds of this thread that encoding and submitting iterations has taken. */
  get encodingMs(): number {
    return this.#encodingMs;
  }

  /** Milliseconds that an iteration took in the last submission; 0 before the first. */
  get iterationMs(): number {
    return (this.#msPerFlop ?? 0) * this.#scheduler.plan.executedFlops;
  }

  /** Bytes of the buffers that results are read back into. */
  get allocatedBytes(): number {
    return this.#stagings.reduce((bytes, { size }) => bytes + size, 0);
  }

  /** Counts on from an iteration. Nothing may be in flight. */
  countFrom(iteration: number): void {
    this.#submitted = iteration;
    this.#finished = iteration;
  }

  /** Counts an iteration that ran without a flight. */
  count(): void {
    this.#finished = ++this.#submitted;
  }

  /**
   * Submits the next iterations as one flight.
   * @param iterations the sequence of each
   * @param listen whether objective values are read back
   */
  iterate(iterations: readonly Sequence[], listen: boolean, size?: SubmissionSize): Flight {
    const first = this.#submitted;
    const count = iterations.length;
    const submittedAt = performance.now();
    const { overflow } = this.#scheduler.plan;
    const staging = listen || overflow ? this.#stagings[this.#flights++ % DEPTH] : undefined;
    const behind = first - this.#finished > 0 ? 2 : 1;
    this.submit(iterations.flat(), "iterate", (encoder) => {
      if (staging) this.#copyResults(encoder, staging);
    });
    this.#encodingMs += performance.now() - submittedAt;
    this.#submitted += count;
    const finished = this.#collect(staging, first, count).then((objective) => {
      const milliseconds = Math.max(0.1, (performance.now() - submittedAt) / behind);
      this.#msPerFlop = milliseconds / (count * this.#scheduler.plan.executedFlops);
      size?.record(count, milliseconds);
      return listen ? objective : undefined;
    });
    // Whoever lands the flight sees the error; until then it must not count as unhandled.
    finished.catch(() => undefined);
    return { end: first + count, finished };
  }

  /** Waits for a flight, and counts its iterations as finished. @returns their objective, where it is read back */
  async land(flight: Flight): Promise<number[][] | undefined> {
    const objective = await flight.finished;
    this.#finished = flight.end;
    return objective;
  }

  /** Submits dispatches: as several submissions where one would take longer than a watchdog waits. */
  submit(sequence: Sequence, label: string, after?: (encoder: GPUCommandEncoder) => void): void {
    const most = this.#msPerFlop === undefined ? FIRST_FLOPS : WATCHDOG_MS / this.#msPerFlop;
    const { dispatches } = this.#scheduler.plan;
    let begin = 0;
    let sum = 0;
    for (const [i, place] of sequence.entries()) {
      const flops = dispatches[place]?.flops ?? 0;
      if (sum > 0 && sum + flops > most) {
        this.#scheduler.submit(sequence.slice(begin, i), label);
        begin = i;
        sum = 0;
      }
      sum += flops;
    }
    this.#scheduler.submit(sequence.slice(begin), label, after);
  }

  /** Forgets an overflow of half precision. */
  clearOverflow(): void {
    const { gpu, plan } = this.#scheduler;
    if (plan.overflow)
      gpu.device.queue.writeBuffer(this.#scheduler.buffer(plan.overflow), 0, new Uint8Array(OVERFLOW_BYTES));
  }

  /**
   * Waits for the GPU where kernels compute in half precision.
   * @param what was computed; begins the message
   * @throws InputError where such a kernel read or wrote a number that is not finite; the overflow is then forgotten
   */
  async expectFinite(what: string): Promise<void> {
    const { gpu, plan } = this.#scheduler;
    if (!plan.overflow) return;
    const [word] = new Uint32Array(await readBuffer(gpu, this.#scheduler.buffer(plan.overflow)));
    if (word === 0) return;
    this.clearOverflow();
    throw overflowError(what);
  }

  #copyResults(encoder: GPUCommandEncoder, staging: GPUBuffer): void {
    const values = this.#scheduler.buffer(VALUES);
    const { overflow } = this.#scheduler.plan;
    encoder.copyBufferToBuffer(values, 0, staging, 0, values.size);
    if (!overflow) return;
    encoder.copyBufferToBuffer(this.#scheduler.buffer(overflow), 0, staging, values.size, OVERFLOW_BYTES);
  }

  /**
   * Waits for a submission, and takes its objective values out of the ring.
   * @throws InputError where a kernel in half precision read or wrote a number that is not finite
   */
  async #collect(
    staging: GPUBuffer | undefined,
    first: number,
    count: number,
  ): Promise<number[][] | undefined> {
    const { gpu } = this.#scheduler;
    if (!staging) {
      await orLost(gpu, gpu.device.queue.onSubmittedWorkDone());
      return undefined;
    }
    await orLost(gpu, staging.mapAsync(GPUMapMode.READ));
    const mapped = staging.getMappedRange();
    const { batch, overflow } = this.#scheduler.plan;
    const overflowed = overflow !== undefined && new Uint32Array(mapped, 4 * RING * batch)[0] !== 0;
    const ring = new Float32Array(mapped);
    const values = Array.from({ length: count }, (_, i) => {
      const at = ((first + i) % RING) * batch;
      return [...ring.subarray(at, at + batch)];
    });
    staging.unmap();
    if (overflowed)
      throw overflowError(
        count === 1 ? `iteration ${first + 1}` : `iterations ${first + 1} to ${first + count}`,
      );
    return values;
  }

  dispose(): void {
    for (const staging of this.#stagings) this.#scheduler.gpu.free(staging);
  }
}

/** @param where it happened: `iteration 3` */
function overflowError(where: string): InputError {
  return new InputError(`${where}: half precision overflowed: activations or gradients are not finite`, {
    remedy: "begin again without kernels in half precision, or with smaller weights, images or steps",
  });
}
