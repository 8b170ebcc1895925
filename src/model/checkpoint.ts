/** What every reader of weight files gives, whatever the file's format: names and shapes at once, numbers on demand. */
import { shown, WeightsError } from "../errors.ts";
import type { Spot } from "./pools.ts";

/** One tensor of a file, without its numbers. */
export interface CheckpointTensor {
  /** As `read` gives it: convolutions OIHW, matrices OI, whatever the file's own order is. */
  readonly shape: readonly number[];
  /** Of the numbers in the file, in safetensors' words: F64, F32, F16, BF16, I64 … */
  readonly type: string;
}

/** A file of weights as its reader found it. A reader executes nothing of the file. */
export interface Checkpoint {
  /** For messages: a file name or URL. */
  readonly name: string;
  /** `safetensors`, `PyTorch`, `Keras HDF5`, `ONNX` … */
  readonly format: string;
  /** By name, in the file's order. */
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  readonly metadata: Readonly<Record<string, string>>;
  /** The layers in order of execution, where the file holds its own graph. */
  readonly graph?: readonly GraphLayer[];
  /** What the library that wrote a file without a graph takes for granted. */
  readonly convention?: Convention;
  /**
   * A tensor's numbers as float32, rows last index fastest, in memory the caller may keep and change.
   * @throws WeightsError where it is missing, of a type that is not read, or damaged
   */
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
  /**
   * Only the numbers of these first indices, begin (inclusive) to end (exclusive), without the bytes of the others.
   * Missing where the file's order does not let.
   */
  readRows?(name: string, begin: number, end: number): Promise<Float32Array<ArrayBuffer>>;
  /** Ends a download that is still open. */
  close?(): void;
}

/** In which order a map is flattened before a linear layer: channels first as in PyTorch, or last as in Keras. */
export type FlattenOrder = "chw" | "hwc";

/** What is usual in a library, where neither the file nor who opens it says it. */
export interface Convention {
  /** `Keras`, for messages. */
  readonly framework: string;
  /** ε of batch norm. */
  readonly epsilon: number;
  readonly flatten: FlattenOrder;
  /** Where the format tells the order of layers. */
  named?(): NamedLayers;
}

export interface NamedLayers {
  /** A tensor's own name by the one that torchvision would give it: `features.N.weight`, `classifier.N.weight`. */
  readonly names: ReadonlyMap<string, string>;
  /** What may follow each convolution. */
  readonly spots: readonly Spot[];
  /** In the words of `layers` and `padding`, what the names of layers say. */
  readonly said: { readonly layers?: string; readonly padding?: 0 | 1 };
  /** What was taken for granted, a sentence each. */
  readonly assumptions: readonly string[];
}

/** Vertical, horizontal. */
export type Pair = readonly [number, number];

/** Zeros around an image, in pixels. */
export interface Edges {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** A layer of the file's own graph, by the names of its tensors and its settings. `name` is the file's word for it. */
export type GraphLayer =
  | {
      readonly kind: "conv";
      readonly name: string;
      readonly weight: string;
      readonly bias?: string;
      readonly kernel: Pair;
      readonly stride: Pair;
      readonly padding: Edges;
      readonly dilation: Pair;
      readonly groups: number;
    }
  | { readonly kind: "dense"; readonly name: string; readonly weight: string; readonly bias?: string }
  | {
      readonly kind: "batchnorm";
      readonly name: string;
      /** γ; ones where it is missing. */
      readonly weight?: string;
      /** β; zeros where it is missing. */
      readonly bias?: string;
      readonly mean: string;
      readonly variance: string;
      readonly epsilon: number;
    }
  | { readonly kind: "leaky"; readonly name: string; readonly slope: number }
  | {
      readonly kind: "maxpool" | "avgpool";
      readonly name: string;
      readonly kernel: Pair;
      readonly stride: Pair;
      readonly padding: Edges;
    }
  | {
      /** PyTorch's adaptive average pool, to a square map. */
      readonly kind: "adaptiveavgpool";
      readonly name: string;
      readonly side: number;
    }
  | {
      readonly kind: "relu" | "tanh" | "sigmoid" | "softmax" | "globalavgpool" | "flatten" | "dropout";
      readonly name: string;
    }
  | {
      readonly kind: "other";
      readonly name: string;
      /** What cannot be run, as a message says it: `Add (a residual sum)`. */
      readonly what: string;
    };

/** Types of numbers that become weights. Others, such as counters, are listed and cannot be read. */
export const READABLE_TYPES = ["F64", "F32", "F16", "BF16"] as const;
export type ReadableType = (typeof READABLE_TYPES)[number];

export function isReadableType(type: string): type is ReadableType {
  return READABLE_TYPES.some((one) => one === type);
}

/**
 * @param where the file's name, for messages
 * @throws WeightsError where the tensor is missing or its type is not read
 */
export function expectReadable(
  where: string,
  tensors: ReadonlyMap<string, CheckpointTensor>,
  name: string,
): void {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw missing(where, name);
  if (isReadableType(tensor.type)) return;
  throw unreadable(where, name, tensor.type);
}

/** Of a tensor that is asked for, and that the file does not have. */
export function missing(where: string, name: string): WeightsError {
  return new WeightsError(`${where}: tensor ${shown(name)} is missing`);
}

export function unreadable(where: string, name: string, type: string): WeightsError {
  return new WeightsError(`${where}: tensor ${shown(name)} expects F64, F32, F16 or BF16, got ${type}`, {
    remedy: "convert the checkpoint to F32 or F16",
  });
}
