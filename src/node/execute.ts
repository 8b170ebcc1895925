/** Runs a job on Dawn in this process, or in a browser. */

import { type Job, type Reports, runJob } from "../commands/job.ts";
import type { Result, RunContext } from "../commands/report.ts";
import { DeviceError } from "../errors.ts";
import { requestGpu } from "../gpu/device.ts";
import { openModel } from "../model/model.ts";
import { type ModelChoice, packJob } from "../runner/protocol.ts";
import { type BrowserName, launchBrowser } from "./browser.ts";
import { dawnGpu } from "./dawn.ts";
import { expectBuilt, fileSource, packageFile } from "./files.ts";
import { serveTask } from "./server.ts";

export interface Weights extends ModelChoice {
  readonly path: string;
}

/** @throws AscentError of every kind; see `Job` */
export async function execute(
  weights: Weights,
  job: Job,
  context: RunContext,
): Promise<Result<Reports[keyof Reports]>> {
  const { runtime } = context;
  if (runtime === "chromium" || runtime === "firefox") return executeInBrowser(weights, job, context, runtime);
  const source = await fileSource(weights.path);
  try {
    const model = await openModel(source, weights);
    const gpu = await requestGpu(await dawnGpu());
    try {
      return await runJob(gpu, model, job, context);
    } finally {
      gpu.dispose();
    }
  } finally {
    source.close();
  }
}

async function executeInBrowser(
  { path, ...model }: Weights,
  job: Job,
  { runtime, startedAt, onProgress }: RunContext,
  name: BrowserName,
): Promise<Result<Reports[keyof Reports]>> {
  const script = packageFile("dist/runner/runner.js");
  await expectBuilt(script);
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
