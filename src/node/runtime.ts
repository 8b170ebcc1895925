/**
 * A runtime for the command line's jobs: Dawn in a process of its own, or a browser. It stays between jobs, with its
 * device, the opened model and the compiled kernels.
 */

import { DeviceError } from "../errors.ts";
import type { Job, JobOf } from "../methods/job.ts";
import type { AnyResult, MethodName, ResultOf } from "../methods/methods.ts";
import type { RuntimeName } from "../methods/report.ts";
import type { Weights } from "../runtime/protocol.ts";
import { startBrowserWorker } from "./browser-worker.ts";
import { Crash, type JobContext, type WeightsNews, type Worker } from "./conversation.ts";
import { startDawnWorker } from "./dawn-worker.ts";

export interface RuntimeContext extends JobContext {
  /** Called when native code crashed and the job is run once more. */
  readonly onRestart?: (crash: Error) => void;
}

export interface Runtime {
  /**
   * Runs a job, and once more from its beginning if native code crashes in it. Jobs that run at once share the device.
   *
   * @throws AscentError of every kind; DeviceError for a second crash
   */
  run<Name extends MethodName>(job: JobOf<Name>, context: RuntimeContext): Promise<ResultOf<Name>>;
  /** Ends what was started, and waits for that. A job that still runs fails. */
  close(): Promise<void>;
}

/** Starts nothing before the first job. */
export function openRuntime(weights: Weights, name: RuntimeName, news: WeightsNews = {}): Runtime {
  const browser = name === "chromium" || name === "firefox" ? name : undefined;
  return restarting(() =>
    browser ? startBrowserWorker(browser, weights, news) : startDawnWorker(weights, news),
  );
}

/** A runtime over workers of which one after the other may crash. @param start makes the next worker */
export function restarting(start: () => Promise<Worker>): Runtime {
  let current: Promise<Worker> | undefined;
  let closed = false;

  async function attempt(job: Job, context: JobContext): Promise<AnyResult> {
    if (closed) throw new DeviceError("the runtime is closed");
    current ??= start();
    const worker = current;
    try {
      return await (await worker).run(job, context);
    } catch (error) {
      // Of several jobs in which it crashed, the first comes here first.
      if (error instanceof Crash && current === worker) {
        current = undefined;
        await closeStarted(worker);
      }
      throw error;
    }
  }

  async function attemptTwice(job: Job, { onRestart, ...context }: RuntimeContext): Promise<AnyResult> {
    try {
      return await attempt(job, context);
    } catch (error) {
      if (!(error instanceof Crash) || closed) throw error;
      onRestart?.(error);
      return attempt(job, context);
    }
  }

  return {
    // A worker answers a job with the result of its method.
    run: <Name extends MethodName>(job: JobOf<Name>, context: RuntimeContext) =>
      attemptTwice(job as Job, context) as Promise<ResultOf<Name>>,
    async close() {
      closed = true;
      const last = current;
      current = undefined;
      if (last) await closeStarted(last);
    },
  };
}

/** What does not start has cleaned up after itself. */
async function closeStarted(worker: Promise<Worker>): Promise<void> {
  await worker.then(
    (started) => started.close(),
    () => {},
  );
}
