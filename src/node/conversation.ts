/** The command line's side of the conversation with a worker: which message belongs to which run of a job. */

import { DeviceError } from "../errors.ts";
import type { Job } from "../methods/job.ts";
import type { AnyResult } from "../methods/methods.ts";
import type { RunContext } from "../methods/report.ts";
import type { Transfer } from "../model/transfer.ts";
import { type FromWorker, type ToWorker, unpackError } from "../runtime/protocol.ts";

/** What a run of a job is told besides the job. */
export type JobContext = Pick<RunContext, "startedAt" | "signal" | "onProgress">;

/** What runs jobs: a process, or a page in a browser. It is of no more use after a Crash. */
export interface Worker {
  /** @throws AscentError of every kind; Crash if the worker is gone before it answers */
  run(job: Job, context: JobContext): Promise<AnyResult>;
  /** Ends it and waits for that. Jobs that still run fail. */
  close(): Promise<void>;
}

/** The process, the browser or the device is gone: native code crashed, or somebody ended it. */
export class Crash extends DeviceError {
  constructor(
    message: string,
    options: { readonly remedy?: string | undefined; readonly cause?: unknown } = {},
  ) {
    const remedy = "choose a smaller size or batch, update the graphics driver, or try another --runtime";
    super(message, { cause: options.cause, remedy: options.remedy ?? remedy });
  }
}

/** Told how weights come, and what does not stop the work. */
export interface WeightsNews {
  readonly onTransfer?: (transfer: Transfer) => void;
  readonly onRemark?: (remark: string) => void;
}

export interface Conversation {
  readonly run: Worker["run"];
  receive(message: FromWorker): void;
  /** Fails every run, and those to come: there is no worker any more. The first error counts. */
  end(error: Error): void;
}

interface Task {
  readonly onProgress: JobContext["onProgress"];
  readonly resolve: (result: AnyResult) => void;
  readonly reject: (error: Error) => void;
}

export function startConversation(send: (message: ToWorker) => void, news: WeightsNews = {}): Conversation {
  const tasks = new Map<number, Task>();
  let count = 0;
  let ended: Error | undefined;

  function end(error: Error): void {
    ended ??= error;
    for (const { reject } of tasks.values()) reject(ended);
    tasks.clear();
  }

  return {
    async run(job, { startedAt, signal, onProgress }) {
      if (ended) throw ended;
      const task = count++;
      const abort = (): void => send({ kind: "abort", task });
      try {
        return await new Promise<AnyResult>((resolve, reject) => {
          tasks.set(task, { onProgress, resolve, reject });
          send({ kind: "job", task, job, startedAt });
          if (signal?.aborted) abort();
          signal?.addEventListener("abort", abort, { once: true });
        });
      } finally {
        signal?.removeEventListener("abort", abort);
        tasks.delete(task);
      }
    },
    receive(message) {
      if (message.kind === "lost")
        return end(new Crash(message.error.message, { remedy: message.error.remedy }));
      if (message.kind === "transfer") return news.onTransfer?.(message.transfer);
      if (message.kind === "remark") return news.onRemark?.(message.remark);
      const task = tasks.get(message.task);
      if (message.kind === "progress") task?.onProgress?.(message.iteration);
      else if (message.kind === "result") task?.resolve(message.result);
      else task?.reject(unpackError(message.error));
    },
    end,
  };
}
