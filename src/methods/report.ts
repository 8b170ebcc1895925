/** What methods give back: plain data that survives JSON, and tensors. The same in Node and in a page. */

import type { TuningStorage } from "../engine/kernels/tuning-memory.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Tensor } from "../model/safetensors.ts";

export type { Tensor };

/** Where the kernels run: Dawn inside Node, or a browser; `library` where the caller did not say. */
export type RuntimeName = "dawn" | "chromium" | "firefox" | "browser" | "library";

/** A report for people and scripts, and the tensors that a method makes. */
export interface Result<Report, Tensors = Readonly<Record<string, Tensor>>> {
  readonly report: Report;
  readonly tensors: Tensors;
}

/** What a method needs to know about the run besides its own options. */
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

/** What every report of a run on a GPU says. */
export interface GpuReport {
  readonly runtime: RuntimeName;
  readonly adapter: string;
  /** Entry points in the order in which they first ran. */
  readonly kernels: readonly string[];
  /** What people should know of the result, one line each: that it is empty, why, and what to try. */
  readonly remarks?: readonly string[];
}

/** Of a run from the library: it began now. */
export function libraryContext(): RunContext {
  return { runtime: "library", startedAt: Date.now() };
}

/** Where it ran, as every report begins. */
export function whereRun(gpu: Gpu, { runtime }: RunContext): Pick<GpuReport, "runtime" | "adapter"> {
  return { runtime, adapter: gpu.adapterName };
}

/** The remarks there are; no field where there is none. */
export function remarksOf(...lines: readonly (string | undefined)[]): Pick<GpuReport, "remarks"> {
  const remarks = lines.filter((line) => line !== undefined);
  return remarks.length > 0 ? { remarks } : {};
}
