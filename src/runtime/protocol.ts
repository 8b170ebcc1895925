/**
 * What the command line and the page that runs a command for it say to each other: the page gets its
 * task and the weights, and posts progress, tensors and, at the end, a report or an error. All paths are
 * relative to the page's own address.
 */

import { AscentError, DeviceError, InputError, ShaderError, WeightsError } from "../errors.ts";
import type { Job } from "../methods/job.ts";
import type { RuntimeName, Tensor } from "../methods/report.ts";
import type { OpenOptions } from "../model/model.ts";
import { readHeader, readTensor, writeSafetensors } from "../model/safetensors.ts";
import { bytesSource } from "../model/source.ts";

export const paths = {
  script: "browser-page.js",
  task: "task.json",
  model: "model.safetensors",
  input: "input.safetensors",
  progress: "progress",
  tensors: "tensors",
  report: "report",
  error: "error",
} as const;

/** A job without its tensors, which travel as `input.safetensors`. */
export interface Task {
  readonly job: Job;
  readonly model: OpenOptions;
  readonly runtime: RuntimeName;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** Takes the tensors out of a job for the way to the page. */
export function packJob(job: Job): { readonly job: Job; readonly tensors: Readonly<Record<string, Tensor>> } {
  if ("image" in job) {
    const image = { shape: [0], data: new Float32Array(0) };
    const { target, ...rest } = job as Extract<Job, { command: "gradient" }>;
    const shape = job.image.shape.slice(1);
    const tensors = { image: job.image, ...(target && { target: { shape, data: target } }) };
    return { job: { ...rest, image } as Job, tensors };
  }
  const { photo, target, ...rest } = job;
  const shape = [3, ...job.recipe.size] as const;
  return {
    job: rest,
    tensors: {
      ...(photo && {
        photo: { shape: [photo.length / (shape[1] * shape[2]), ...job.recipe.size], data: photo },
      }),
      ...(target && { target: { shape, data: target } }),
    },
  };
}

/** Puts them back in. */
export function unpackJob(job: Job, tensors: Readonly<Record<string, Tensor>>): Job {
  const { image, photo, target } = tensors;
  if ("image" in job) return { ...job, ...(image && { image }), ...(target && { target: target.data }) };
  return { ...job, ...(photo && { photo: photo.data }), ...(target && { target: target.data }) };
}

export function packTensors(tensors: Readonly<Record<string, Tensor>>): Uint8Array<ArrayBuffer> {
  return writeSafetensors(tensors);
}

export async function unpackTensors(bytes: Uint8Array): Promise<Record<string, Tensor>> {
  const source = bytesSource("tensors", bytes);
  const header = await readHeader(source);
  const tensors: Record<string, Tensor> = {};
  for (const name of header.tensors.keys()) tensors[name] = await readTensor(source, header, name);
  return tensors;
}

/** An error as it crosses from the page. */
export interface ErrorMessage {
  readonly name: string;
  readonly message: string;
  readonly remedy?: string;
}

export function packError(error: unknown): ErrorMessage {
  if (!(error instanceof AscentError)) return { name: "Error", message: String(error) };
  const { name, message, remedy } = error;
  return remedy === undefined ? { name, message } : { name, message, remedy };
}

export function unpackError({ name, message, remedy }: ErrorMessage): Error {
  const kind = [InputError, WeightsError, DeviceError, ShaderError].find((one) => one.name === name);
  return kind ? new kind(message, remedy === undefined ? {} : { remedy }) : new Error(message);
}
