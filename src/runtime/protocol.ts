/**
 * What the command line says to the worker that runs its jobs, and what the worker answers. A worker is Dawn's process,
 * or a page in a browser. There is one conversation for many tasks: a task is one run of one job, and every message
 * about it has its number.
 */

import { AscentError, DeviceError, InputError, ShaderError, WeightsError } from "../errors.ts";
import type { Job } from "../methods/job.ts";
import type { AnyResult } from "../methods/methods.ts";
import type { RuntimeName, Tensor } from "../methods/report.ts";
import type { Reading } from "../model/reading.ts";
import { readHeader, readTensor, writeSafetensors } from "../model/safetensors.ts";
import { bytesSource } from "../model/source.ts";
import type { Transfer } from "../model/transfer.ts";

/** A checkpoint, and how it is to be read. */
export interface Weights extends Reading {
  /**
   * Of the file, or its address; for a page its address, relative to the page's. What lies beside the file lies beside
   * that, too.
   */
  readonly path: string;
  /** Names of the classes, where the file does not say them. */
  readonly classes?: readonly string[];
  /** No server is asked: an address is opened from the cache. */
  readonly offline?: boolean;
}

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
  | { readonly kind: "transfer"; readonly transfer: Transfer }
  | { readonly kind: "remark"; readonly remark: string }
  | { readonly kind: "lost"; readonly error: ErrorMessage };

/** From a page: the tensors of a result go before it, as safetensors. */
export type FromPage =
  | Exclude<FromWorker, { readonly kind: "result" }>
  | { readonly kind: "result"; readonly task: number; readonly report: AnyResult["report"] };

/** Where a page fetches and posts, relative to its own address. `input` and `tensors` end in the task's number. */
export const paths = {
  script: "browser-page.js",
  /** Followed by the name of the file of weights, or of one beside it. */
  weights: "weights/",
  /** Server-sent events, each a `ToWorker` without tensors. */
  events: "events",
  input: "input/",
  tensors: "tensors/",
  message: "message",
} as const;

/** Stands in a packed job where a tensor was: its name among those that travel beside the job. */
interface Packed {
  readonly packedTensor: string;
  /** What stood there is an array of numbers without a shape. */
  readonly bare?: true;
}

/** Takes the tensors and arrays of numbers out of a job's options, wherever they are, for the way to the page. */
export function packJob(job: Job): { readonly job: Job; readonly tensors: Readonly<Record<string, Tensor>> } {
  const tensors: Record<string, Tensor> = {};
  const pack = (value: unknown, name: string): unknown => {
    if (value instanceof Float32Array) {
      tensors[name] = { shape: [value.length], data: value };
      return { packedTensor: name, bare: true } satisfies Packed;
    }
    if (isTensor(value)) {
      tensors[name] = value;
      return { packedTensor: name } satisfies Packed;
    }
    return mapParts(value, (part, key) => pack(part, name === "" ? key : `${name}.${key}`));
  };
  return { job: { ...job, options: pack(job.options, "") } as Job, tensors };
}

/** Puts them back in. */
export function unpackJob(job: Job, tensors: Readonly<Record<string, Tensor>>): Job {
  const unpack = (value: unknown): unknown => {
    if (!isPacked(value)) return mapParts(value, unpack);
    const tensor = tensors[value.packedTensor];
    return value.bare ? tensor?.data : tensor;
  };
  return { ...job, options: unpack(job.options) } as Job;
}

/** The same object or list with other parts; what has none stays as it is. */
function mapParts(value: unknown, change: (part: unknown, key: string) => unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((part, i) => change(part, String(i)));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, change(part, key)]));
}

function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && "data" in value && value.data instanceof Float32Array;
}

function isPacked(value: unknown): value is Packed {
  return typeof value === "object" && value !== null && "packedTensor" in value;
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
