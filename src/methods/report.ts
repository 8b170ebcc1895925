/** What the commands give back: plain data that survives JSON, and tensors. The same in Node and in a page. */

import type { Limits } from "../engine/kernels/limits.ts";
import type { TuningReport } from "../engine/kernels/tuner.ts";
import type { TuningStorage } from "../engine/kernels/tuning-memory.ts";
import type { DispatchTime, KernelTime } from "../engine/run/profile.ts";
import type { Window } from "../nn/preprocess.ts";

/** Where the kernels run: Dawn inside Node, or a browser. */
export type RuntimeName = "dawn" | "chromium" | "firefox" | "browser";

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A report for people and scripts, and the tensors a command was asked to make. */
export interface Result<Report> {
  readonly report: Report;
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** What a command needs to know about the run besides its own options. */
export interface RunContext {
  readonly runtime: RuntimeName;
  /** When the process or the page started, in milliseconds since the epoch. */
  readonly startedAt: number;
  readonly signal?: AbortSignal;
  /** Called after each submission with the number of finished iterations. */
  readonly onProgress?: (iteration: number) => void;
  /** Where tunings are remembered, if anywhere. */
  readonly storage?: TuningStorage;
}

export interface RunReport {
  readonly runtime: RuntimeName;
  readonly adapter: string;
  readonly iterations: number;
  /** Time of iterations 2 to N: without loading, compiling and the first iteration. */
  readonly seconds: number;
  /** Of them, what encoding and submitting took of the thread. */
  readonly encodingSeconds: number;
  /** (N − 1) / seconds; null if there was one iteration or none. */
  readonly iterationsPerSecond: number | null;
  /** From process start to the first finished iteration; null if there was none. */
  readonly firstImageSeconds: number | null;
  /** One number an iteration, L2 included, on the image before that update; the mean over the batch. */
  readonly objective: readonly number[];
  /** The objective of the finished image, L2 included, without jitter; the mean over the batch. */
  readonly finalObjective: number;
  /** Entry points in the order in which they first ran. */
  readonly kernels: readonly string[];
}

export interface BenchReport extends RunReport {
  readonly batch: number;
  readonly size: readonly [height: number, width: number];
  /** Multiplications and additions of one iteration's whole layers, forward and backward, for the whole batch. */
  readonly flops: number;
  /** flops · iterationsPerSecond / 10⁹; null if there was nothing to time. */
  readonly gflops: number | null;
  /** Bytes the plan says it needs. */
  readonly plannedBytes: number;
  /** Bytes of the buffers that were really made. */
  readonly allocatedBytes: number;
  /** Each dispatch of one iteration, in order, from a separate profiling run, never the timed one; null without timestamp queries. */
  readonly kernelTimes: readonly DispatchTime[] | null;
  /** The family of kernels of every convolution, `LAYER.PASS=VARIANT`; joined by commas, pins for `--kernels`. */
  readonly choices: readonly string[];
  /** What `--tune` did; it serves the next start. */
  readonly tuning: TuningReport | null;
  /** Where it was asked for and the device has timestamp queries: what the adapter can do, and kernels against it. */
  readonly profile: { readonly limits: Limits; readonly kernels: readonly KernelTime[] } | null;
}

/** Of `saliency`, `guided`, `smoothgrad`, `integrated` and `gradcam`. */
export interface AttributionReport {
  readonly runtime: RuntimeName;
  readonly adapter: string;
  readonly method: string;
  /** At the image. */
  readonly objective: number;
  /** At the network's zero input; of integrated gradients alone. */
  readonly baseline?: number;
  /** Of Grad-CAM alone. */
  readonly layer?: string;
  readonly kernels: readonly string[];
}

/** A class and its score before softmax. */
export interface Scored {
  readonly index: number;
  readonly name: string;
  readonly score: number;
}

export interface FoolReport {
  readonly runtime: RuntimeName;
  readonly adapter: string;
  readonly iterations: number;
  /** The highest score of the photograph, and of the image made of it. */
  readonly before: Scored;
  readonly after: Scored;
  readonly fooled: boolean;
  /** The wanted class's score before each step. */
  readonly scores: readonly number[];
  /** The wanted class's score of the image. */
  readonly objective: number;
  /** Root mean square of the change, in RGB 0–1 units. */
  readonly distance: number;
  readonly kernels: readonly string[];
}

export interface DreamReport {
  readonly runtime: RuntimeName;
  readonly adapter: string;
  /** Sizes of the octaves, from the smallest. */
  readonly octaves: readonly (readonly [height: number, width: number])[];
  /** Of the finished image. */
  readonly objective: number;
  readonly kernels: readonly string[];
}

export interface GridReport {
  readonly runtime: RuntimeName;
  readonly adapter: string;
  readonly layer: string;
  readonly rows: number;
  readonly columns: number;
  readonly kernels: readonly string[];
}

/** How much one of many images excites what is looked for. */
export interface Example {
  /** Which of the images. */
  readonly index: number;
  readonly value: number;
  /** Row and column of the unit in its layer; null where the objective is no single unit or channel. */
  readonly position: readonly [y: number, x: number] | null;
  /** What the unit sees of the image; all of it where there is no position. */
  readonly patch: Window;
}

export interface ExamplesReport {
  readonly runtime: RuntimeName;
  readonly adapter: string;
  readonly objective: string;
  /** One an image, in the order of the images. */
  readonly examples: readonly Example[];
  readonly kernels: readonly string[];
}

export interface GradientReport {
  readonly runtime: RuntimeName;
  readonly adapter: string;
  /** One number an image, without L2. */
  readonly objective: readonly number[];
  readonly kernels: readonly string[];
}
