/** Runs a job on Dawn in a process of its own, or in a browser. */

import { type ChildProcess, fork } from "node:child_process";
import { DeviceError } from "../errors.ts";
import type { Job, Reports } from "../methods/job.ts";
import type { Result, RunContext } from "../methods/report.ts";
import type { OpenOptions } from "../model/model.ts";
import { type ErrorMessage, packJob, unpackError } from "../runtime/protocol.ts";
import { type BrowserName, launchBrowser } from "./browser.ts";
import { builtFile } from "./files.ts";
import { serveTask } from "./server.ts";

export interface Weights extends OpenOptions {
  readonly path: string;
}

type AnyResult = Result<Reports[keyof Reports]>;

/** @throws AscentError of every kind */
export async function execute(weights: Weights, job: Job, context: RunContext): Promise<AnyResult> {
  const { runtime } = context;
  if (runtime === "chromium" || runtime === "firefox")
    return executeInBrowser(weights, job, context, runtime);
  return executeOnDawn(weights, job, context);
}

/** What the process of `dawn-process.ts` is asked, by structured clone. */
export interface DawnTask {
  readonly weights: Weights;
  readonly job: Job;
  readonly startedAt: number;
}

export type DawnMessage =
  | { readonly kind: "progress"; readonly iteration: number }
  | { readonly kind: "result"; readonly result: AnyResult }
  | { readonly kind: "error"; readonly error: ErrorMessage };

async function executeOnDawn(weights: Weights, job: Job, context: RunContext): Promise<AnyResult> {
  const child = fork(builtFile("dawn-process.js"), [], {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const lastWords = listen(child);
  try {
    return await new Promise<AnyResult>((resolve, reject) => {
      child.on("message", (message: DawnMessage) => {
        if (message.kind === "progress") context.onProgress?.(message.iteration);
        else if (message.kind === "result") resolve(message.result);
        else reject(unpackError(message.error));
      });
      child.once("error", reject);
      child.once("close", (code, signal) => {
        reject(
          new DeviceError(
            `Dawn ended before the work was done (${signal ?? `exit code ${code}`})${lastWords()}`,
          ),
        );
      });
      child.send({ weights, job, startedAt: context.startedAt } satisfies DawnTask);
    });
  } finally {
    // What is left of it has no more to say, and drivers take their time to end.
    child.kill("SIGKILL");
  }
}

/** Keeps native code's chatter off our stderr, but for its last line, should it be the last. */
function listen(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    if (process.env["ASCENT_DEBUG"]) process.stderr.write(chunk);
    text = (text + chunk).slice(-2000);
  });
  return () => {
    const line = text.trim().split("\n").at(-1);
    return line ? `: ${line}` : "";
  };
}

async function executeInBrowser(
  { path, ...model }: Weights,
  job: Job,
  { runtime, startedAt, onProgress }: RunContext,
  name: BrowserName,
): Promise<AnyResult> {
  const script = builtFile("../runtime/browser-page.js");
  const packed = packJob(job);
  const task = { job: packed.job, model, runtime, startedAt };
  const server = await serveTask({ task, tensors: packed.tensors, model: path, script }, onProgress);
  try {
    const browser = await launchBrowser(name);
    try {
      const page = await browser.newPage();
      const failure = new Promise<never>((_, reject) => {
        browser.once("disconnected", () => reject(new DeviceError(`${name} ended before the work was done`)));
        page.once("error", () => reject(new DeviceError(`the page crashed in ${name}`)));
        page.once("pageerror", (error) => reject(error));
      });
      await page.goto(server.url);
      const { report, tensors } = await Promise.race([server.outcome, failure]);
      return { report: report as Reports[keyof Reports], tensors };
    } finally {
      await browser.close();
    }
  } finally {
    server.close();
  }
}
