/**
 * What the command line says to the worker that runs its jobs, and what the worker answers. A worker is Dawn's process,
 * or a page in a browser. There is one conversation for many tasks: a task is one run of one job, and every message
 * about it has its number.
 */

import { AscentError, DeviceError, InputError, ShaderError, WeightsError } from "../errors.ts";
import type { Job, Reports } from "../methods/job.ts";
import type { Result, RuntimeName, Tensor } from "../methods/report.ts";
import type { OpenOptions } from "../model/model.ts";
import { readHeader, readTensor, writeSafetensors } from "../model/safetensors.ts";
import { bytesSource } from "../model/source.ts";

/** A checkpoint, and how it is to be read. */
export interface Weights extends OpenOptions {
  /** Of the file; for a page its address, relative to the page's. */
  readonly path: string;
}

export type AnyResult = Result<Reports[keyof Reports]>;

/** To the worker: what all jobs share, before the first of them; then jobs, and which of them to stop. */
export type ToWorker =
  | { readonly kind: "open"; readonly weights: Weights; readonly runtime: RuntimeName }
  | {
      readonly kind: "job";
      readonly task: number;
      readonly job: Job;
      /** Milliseconds since the epoch. */
      readonly startedAt: number;
    }
  | { readonly kind: "abort"; readonly task: number };

/** From the worker. After `result` or `error` a task is over; after `lost` the worker is of no more use. */
export type FromWorker =
  | { readonly kind: "progress"; readonly task: number; readonly iteration: number }
  | { readonly kind: "result"; readonly task: number; readonly result: AnyResult }
  | { readonly kind: "error"; readonly task: number; readonly error: ErrorMessage }
  | { readonly kind: "lost"; readonly error: ErrorMessage };

/** From a page: the tensors of a result go before it, as safetensors. */
export type FromPage =
  | Exclude<FromWorker, { readonly kind: "result" }>
  | { readonly kind: "result"; readonly task: number; readonly report: Reports[keyof Reports] };

/** Where a page fetches and posts, relative to its own address. `input` and `tensors` end in the task's number. */
export const paths = {
  script: "browser-page.js",
  model: "model.safetensors",
  /** Server-sent events, each a `ToWorker` without tensors. */
  events: "events",
  input: "input/",
  tensors: "tensors/",
  message: "message",
} as const;

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

/** An error as it crosses from the worker. */
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
