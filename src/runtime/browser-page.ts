/** The worker as a page: gets its messages as server-sent events, runs jobs on this browser's WebGPU, posts the answers. */

import { requestGpu } from "../gpu/device.ts";
import { urlBeside } from "../model/beside.ts";
import { openModel } from "../model/model.ts";
import { urlSource } from "../model/url-source.ts";
import {
  type FromPage,
  type FromWorker,
  packTensors,
  paths,
  type ToWorker,
  unpackJob,
  unpackTensors,
} from "./protocol.ts";
import { createWorker } from "./worker.ts";

const receive = createWorker({
  async open({ path, ...options }) {
    const url = new URL(path, location.href).href;
    const model = await openModel(await urlSource(url), { ...options, beside: urlBeside(url) });
    return { model, gpu: await requestGpu(navigator.gpu) };
  },
  tell,
});

async function tell(message: FromWorker): Promise<void> {
  if (message.kind !== "result") return say(message);
  const { kind, task, result } = message;
  await post(`${paths.tensors}${task}`, packTensors(result.tensors));
  await say({ kind, task, report: result.report });
}

function say(message: FromPage): Promise<void> {
  return post(paths.message, JSON.stringify(message));
}

async function post(path: string, body: BodyInit): Promise<void> {
  await fetch(path, { method: "POST", body });
}

/** Puts the tensors of a job back in. */
async function whole(message: ToWorker): Promise<ToWorker> {
  if (message.kind !== "job") return message;
  const response = await fetch(`${paths.input}${message.task}`);
  const tensors = await unpackTensors(new Uint8Array(await response.arrayBuffer()));
  return { ...message, job: unpackJob(message.job, tensors) };
}

// One after the other: a job's tensors arrive later than a word to stop it would.
let before: Promise<void> = Promise.resolve();
new EventSource(paths.events).onmessage = ({ data }: MessageEvent<string>) => {
  before = before.then(async () => receive(await whole(JSON.parse(data) as ToWorker)));
};
