/** The page's side: fetches its task from the command line, runs it on this browser's WebGPU, posts the result. */

import { requestGpu } from "../gpu/device.ts";
import { runJob } from "../methods/job.ts";
import { openModel } from "../model/model.ts";
import { urlSource } from "../model/url-source.ts";
import { packError, packTensors, paths, type Task, unpackJob, unpackTensors } from "./protocol.ts";

async function run(): Promise<void> {
  const { job, model, runtime, startedAt } = (await (await fetch(paths.task)).json()) as Task;
  const input = new Uint8Array(await (await fetch(paths.input)).arrayBuffer());
  const source = await urlSource(new URL(paths.model, location.href).href);
  const opened = await openModel(source, model);
  const gpu = await requestGpu(navigator.gpu);
  try {
    const onProgress = (iteration: number) => void post(paths.progress, JSON.stringify({ iteration }));
    const task = unpackJob(job, await unpackTensors(input));
    const { report, tensors } = await runJob(gpu, opened, task, { runtime, startedAt, onProgress });
    await post(paths.tensors, packTensors(tensors));
    await post(paths.report, JSON.stringify(report));
  } finally {
    gpu.dispose();
  }
}

async function post(path: string, body: BodyInit): Promise<void> {
  await fetch(path, { method: "POST", body });
}

run().catch((error: unknown) => post(paths.error, JSON.stringify(packError(error))));
