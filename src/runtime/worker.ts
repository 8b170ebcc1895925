/**
 * The worker's side of the conversation, the same in Dawn's process and in a page: opens the model and the device once,
 * and runs every job on them. So a kernel that one job compiled serves the next.
 */

import type { TuningStorage } from "../engine/kernels/tuning-memory.ts";
import { InputError, WeightsError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import { runJob } from "../methods/job.ts";
import type { RuntimeName } from "../methods/report.ts";
import type { Model } from "../model/network.ts";
import { type FromWorker, packError, type ToWorker, type Weights } from "./protocol.ts";

export interface WorkerOptions {
  /** Opens the model first: what is wrong with the weights is said before a device is looked for. */
  readonly open: (weights: Weights) => Promise<{ readonly model: Model; readonly gpu: Gpu }>;
  readonly tell: (message: FromWorker) => void | Promise<void>;
  /** Where tunings are remembered, if anywhere. */
  readonly storage?: TuningStorage;
}

interface Opened {
  readonly model: Model;
  readonly gpu: Gpu;
  readonly runtime: RuntimeName;
}

type JobMessage = Extract<ToWorker, { kind: "job" }>;

/** @returns what is called with every message to the worker, in their order */
export function createWorker({ open, tell, storage }: WorkerOptions): (message: ToWorker) => void {
  const aborts = new Map<number, AbortController>();
  let opened: Promise<Opened> = Promise.reject(new InputError("expected a model before the first job"));
  opened.catch(() => {});

  async function run({ task, job, startedAt }: JobMessage): Promise<void> {
    const abort = new AbortController();
    aborts.set(task, abort);
    const onProgress = (iteration: number): void => void tell({ kind: "progress", task, iteration });
    try {
      const { gpu, model, runtime } = await opened;
      const context = { runtime, startedAt, signal: abort.signal, onProgress, ...(storage && { storage }) };
      await tell({ kind: "result", task, result: await runJob(gpu, model, job, context) });
    } catch (error) {
      if (await comesOfLoss(error, opened)) return;
      console.error(error);
      await tell({ kind: "error", task, error: packError(error) });
    } finally {
      aborts.delete(task);
    }
  }

  return (message) => {
    if (message.kind === "job") void run(message);
    else if (message.kind === "abort") aborts.get(message.task)?.abort();
    else {
      const { runtime } = message;
      opened = open(message.weights).then((both) => ({ ...both, runtime }));
      // Every job tells why it could not be opened.
      opened.then(
        ({ gpu }) => gpu.lost.then((error) => tell({ kind: "lost", error: packError(error) })),
        () => {},
      );
    }
  };
}

/** Milliseconds within which a loss is reported that some work failed of. */
const LATE_MS = 500;

/** Whether a job failed because the device was lost, which is told by itself, before or after the failure. */
async function comesOfLoss(error: unknown, opened: Promise<Opened>): Promise<boolean> {
  if (error instanceof InputError || error instanceof WeightsError) return false;
  const gpu = await opened.then(({ gpu }) => gpu).catch(() => undefined);
  if (!gpu) return false;
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, LATE_MS));
  return (await Promise.race([gpu.lost, late])) !== undefined;
}
