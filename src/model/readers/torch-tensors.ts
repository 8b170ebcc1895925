/** The tensors in what a pickle held, under the names that a state dict gives them. */
import { shown, WeightsError } from "../../errors.ts";
import { type CheckpointTensor, isReadableType, missing, unreadable } from "../checkpoint.ts";
import { BYTES_PER_NUMBER, toFloat32 } from "../numbers.ts";
import { elementCount, formatShape } from "../safetensors.ts";
import { numpyArray } from "./numpy-pickle.ts";
import { Dict, Global, type PickleValue, Thing } from "./pickle.ts";
import { gather, type Layout, span } from "./strided.ts";
import { type Storage, Tensor } from "./torch-values.ts";

/** A tensor that can be read. */
export interface TorchTensor extends CheckpointTensor, Layout {
  /** Numbers of the storage that it is in. */
  readonly length: number;
  /** Bytes of that storage. */
  readonly bytes: (begin: number, end: number) => Promise<Uint8Array<ArrayBuffer>>;
}

export type ReadStorage = (storage: Storage, begin: number, end: number) => Promise<Uint8Array<ArrayBuffer>>;

const MAX_TENSORS = 16384;
/** Of a tensor or a module, in characters. */
export const MAX_NAME = 1000;
/** Characters of all texts that become metadata. */
const MAX_METADATA = 1 << 20;
/** Dictionaries and modules in one another. */
const MAX_DEPTH = 64;
/** A tensor whose strides repeat its storage may have as many numbers. */
const MAX_REPEATED = 1 << 20;

/** @throws WeightsError where there is none, or one does not lie in its storage */
export function torchTensors(where: string, root: PickleValue, read: ReadStorage): Map<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>();
  const seen = new Set<PickleValue>();
  const add = (name: string, tensor: TorchTensor): void => {
    if (name.length > MAX_NAME) throw damaged(where, `a tensor's name has ${name.length} characters`);
    if (tensors.has(name)) throw damaged(where, `tensor ${shown(name)} appears twice`);
    if (tensors.size >= MAX_TENSORS) throw damaged(where, `more than ${MAX_TENSORS} tensors`);
    checkLayout(where, name, tensor);
    tensors.set(name, tensor);
  };
  const walk = (value: PickleValue, path: readonly string[]): void => {
    const tensor = value instanceof Tensor ? ofStorage(value, read) : numpyArray(value);
    if (tensor !== undefined) add(path.join(".") || "tensor", tensor);
    if (tensor !== undefined || path.length > MAX_DEPTH || seen.has(value)) return;
    if (typeof value === "object" && value !== null) seen.add(value);
    if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) if (mayHold(item)) walk(item, [...path, String(i)]);
    } else for (const [key, child] of children(value)) if (mayHold(child)) walk(child, [...path, key]);
  };
  walk(root, []);
  if (tensors.size === 0) {
    const got = holdsOptimizer(root) ? "the state of an optimizer alone" : "a file without tensors";
    throw new WeightsError(`${where}: expected a network's weights, got ${got}`, {
      remedy: "save the network's state_dict()",
    });
  }
  return tensors;
}

/**
 * @param rows first index from (inclusive) and to (exclusive), where not all are wanted
 * @throws WeightsError where its type is not read, or its bytes are not there
 */
export async function readTorchTensor(
  where: string,
  tensors: ReadonlyMap<string, TorchTensor>,
  name: string,
  rows?: readonly [from: number, to: number],
): Promise<Float32Array<ArrayBuffer>> {
  const whole = tensors.get(name);
  const tensor = whole && rows ? rowsOf(whole, rows) : whole;
  if (tensor === undefined) throw missing(where, name);
  const { type } = tensor;
  if (!isReadableType(type)) throw unreadable(where, name, type);
  const [begin, end] = span(tensor);
  const size = BYTES_PER_NUMBER[type];
  const bytes = await tensor.bytes(begin * size, end * size);
  return gather(toFloat32(`${where}: tensor ${shown(name)}`, bytes, type), tensor);
}

function rowsOf(tensor: TorchTensor, [from, to]: readonly [number, number]): TorchTensor {
  const [, ...rest] = tensor.shape;
  const [stride = 1] = tensor.strides;
  return { ...tensor, shape: [to - from, ...rest], offset: tensor.offset + from * stride };
}

/**
 * Texts beside the tensors, such as `arch`, and lists of texts, such as `classes`, as JSON. One text may be there many
 * times, so all together are bounded.
 */
export function torchMetadata(root: PickleValue): Readonly<Record<string, string>> {
  let left = MAX_METADATA;
  const fits = (characters: number): boolean => {
    left -= characters;
    return left >= 0;
  };
  const texts: [string, string][] = [];
  for (const [key, value] of root instanceof Dict ? root.entries : []) {
    if (typeof key !== "string" || !fits(key.length)) continue;
    if (typeof value === "string" && fits(value.length)) texts.push([key, value]);
    if (!Array.isArray(value) || value.length === 0 || !fits(value.length)) continue;
    const isText = value.every((it): it is string => typeof it === "string" && fits(it.length));
    if (isText) texts.push([key, JSON.stringify(value)]);
  }
  return Object.fromEntries(texts);
}

/** Of a module: its parameters, its buffers, its modules. Of anything that holds no tensors of a network: nothing. */
function children(value: PickleValue): readonly (readonly [string, PickleValue])[] {
  if (value instanceof Dict) return isOptimizer(value) ? [] : named(value);
  if (!(value instanceof Thing)) return [];
  const parts = moduleParts(value);
  if (parts) return parts.flatMap(named);
  // TorchScript's modules have no such parts; their tensors are their attributes.
  const scripted = value.of instanceof Global && value.of.path.startsWith("__torch__.");
  return scripted && value.state instanceof Dict ? named(value.state) : named(value.dict);
}

/** `_parameters`, `_buffers` and `_modules` of an `nn.Module`. */
export function moduleParts({ state }: Thing): readonly Dict[] | undefined {
  if (!(state instanceof Dict)) return undefined;
  const parts = ["_parameters", "_buffers", "_modules"].map((key) => state.get(key));
  return parts.every((part) => part instanceof Dict) ? parts : undefined;
}

function mayHold(value: PickleValue): value is PickleValue & object {
  return typeof value === "object" && value !== null;
}

/** By key, the last one where a key is there twice, in the order of the first. */
function named(dict: Dict): readonly (readonly [string, PickleValue])[] {
  const entries = new Map<string, PickleValue>();
  for (const [key, value] of dict.entries) {
    if (typeof key === "string" || typeof key === "number") entries.set(String(key), value);
  }
  return [...entries];
}

/** What `optimizer.state_dict()` gives: averages of gradients, in the shapes of the weights. */
function isOptimizer(dict: Dict): boolean {
  return dict.get("param_groups") !== undefined && dict.get("state") !== undefined;
}

function holdsOptimizer(root: PickleValue): boolean {
  if (!(root instanceof Dict)) return false;
  return isOptimizer(root) || root.entries.some(([, value]) => value instanceof Dict && isOptimizer(value));
}

function ofStorage(tensor: Tensor, read: ReadStorage): TorchTensor {
  const { storage, type, shape, strides, offset } = tensor;
  const length = Math.floor((storage.length * storage.type.bytes) / type.bytes);
  return {
    type: type.type,
    shape,
    strides,
    offset,
    length,
    bytes: (begin, end) => read(storage, begin, end),
  };
}

function checkLayout(where: string, name: string, tensor: TorchTensor): void {
  const { shape, length } = tensor;
  const count = elementCount(shape);
  const [begin, end] = span(tensor);
  const what = `tensor ${shown(name)} of shape ${formatShape(shape)}`;
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(end) || end > length) {
    throw damaged(where, `${what} expects ${end} numbers in its storage, which has ${length}`);
  }
  if (count > Math.max(end - begin, MAX_REPEATED)) {
    throw damaged(where, `${what} repeats ${end - begin} numbers of its storage`);
  }
}

function damaged(where: string, what: string): WeightsError {
  return new WeightsError(`${where}: ${what}`, {
    remedy: "the file is damaged; download or save it again",
  });
}
