/** The list of weights in TensorFlow.js' `model.json`: which tensor is where in its group's bytes, and how it is written. */
import { shown, WeightsError } from "../../errors.ts";
import { type Json, numberOf, property, textOf } from "../keras/config.ts";
import { toFloat32 } from "../numbers.ts";
import { elementCount, formatShape } from "../safetensors.ts";

/** Tensors whose bytes follow each other, cut into files. */
export interface WeightGroup {
  readonly paths: readonly string[];
}

export interface WeightSpec {
  /** `conv2d/kernel` */
  readonly name: string;
  readonly shape: readonly number[];
  /** In safetensors' words; numbers that were quantized are F32. */
  readonly type: string;
  readonly group: WeightGroup;
  /** Among the group's bytes. */
  readonly begin: number;
  readonly bytes: number;
  readonly decode: (bytes: Uint8Array<ArrayBuffer>) => Float32Array<ArrayBuffer>;
}

type Decode = WeightSpec["decode"];

const MAX_TENSORS = 16384;
const MAX_SHARDS = 1000;

/** @throws WeightsError naming the tensor, what was expected and what is there */
export function readManifest(where: string, json: Json | undefined): readonly WeightSpec[] {
  if (!Array.isArray(json)) throw damaged(where, "weightsManifest is missing");
  const specs = new Map<string, WeightSpec>();
  for (const entry of json as readonly Json[]) {
    const group = { paths: pathsOf(where, property(entry, "paths")) };
    const weights = property(entry, "weights");
    if (!Array.isArray(weights)) throw damaged(where, "a group of weightsManifest lists no weights");
    let begin = 0;
    for (const given of weights as readonly Json[]) {
      const spec = readSpec(where, given, group, begin);
      if (specs.has(spec.name)) throw damaged(where, `tensor ${shown(spec.name)} is listed twice`);
      if (specs.size >= MAX_TENSORS) throw damaged(where, `it lists more than ${MAX_TENSORS} tensors`);
      specs.set(spec.name, spec);
      begin += spec.bytes;
    }
  }
  if (specs.size === 0) throw damaged(where, "weightsManifest lists no weights");
  return [...specs.values()];
}

function pathsOf(where: string, json: Json | undefined): readonly string[] {
  const paths: readonly Json[] = Array.isArray(json) ? json : [];
  const texts = paths.filter((path): path is string => typeof path === "string");
  // One file many times would be a tensor that no file holds.
  const isList = texts.length > 0 && texts.length === paths.length && new Set(texts).size === texts.length;
  if (isList && texts.length <= MAX_SHARDS) return texts;
  throw damaged(where, `a group of weightsManifest expects the names of its files, got ${said(json)}`);
}

function readSpec(where: string, json: Json, group: WeightGroup, begin: number): WeightSpec {
  const name = property(json, "name");
  const sizes = property(json, "shape");
  if (typeof name !== "string" || name.length > 1000) throw damaged(where, "a tensor has no name");
  const what = `${where}: tensor ${shown(name)}`;
  const shape = Array.isArray(sizes) && sizes.length <= 8 ? (sizes as readonly Json[]) : [-1];
  if (!shape.every((n): n is number => Number.isSafeInteger(n) && (n as number) >= 0)) {
    throw damaged(where, `tensor ${shown(name)} has the shape ${said(sizes)}`);
  }
  const count = elementCount(shape);
  const { type, size, decode } = encoding(where, what, json);
  const bytes = count * size;
  if (!Number.isSafeInteger(begin + bytes)) {
    throw damaged(where, `tensor ${shown(name)} of shape ${formatShape(shape)} has 2^53 bytes or more`);
  }
  return { name, shape, type, group, begin, bytes, decode };
}

interface Encoding {
  readonly type: string;
  /** Bytes a number takes. */
  readonly size: number;
  readonly decode: Decode;
}

const NO_NUMBERS: Readonly<Record<string, readonly [type: string, size: number]>> = {
  int32: ["I32", 4],
  uint8: ["U8", 1],
  bool: ["BOOL", 1],
  complex64: ["C64", 8],
};

function encoding(where: string, what: string, json: Json): Encoding {
  const quantization = property(json, "quantization");
  const dtype = textOf(property(quantization, "dtype") ?? property(json, "dtype")) ?? "nothing";
  const half: Encoding = { type: "F16", size: 2, decode: (bytes) => toFloat32(what, bytes, "F16") };
  if (dtype === "float16") return half;
  if (quantization === undefined) {
    if (dtype === "float32")
      return { type: "F32", size: 4, decode: (bytes) => toFloat32(what, bytes, "F32") };
    const [type, size] = Object.hasOwn(NO_NUMBERS, dtype) ? (NO_NUMBERS[dtype] ?? []) : [];
    // Counters and the like are passed over.
    const refuse: Decode = () => {
      throw new WeightsError(`${what} expects numbers that are weights, got ${dtype}`, {
        remedy: "save the network again in float32",
      });
    };
    if (type !== undefined && size !== undefined) return { type, size, decode: refuse };
  }
  const [scale, min] = [numberOf(property(quantization, "scale")), numberOf(property(quantization, "min"))];
  if ((dtype === "uint8" || dtype === "uint16") && scale !== undefined && min !== undefined) {
    const size = dtype === "uint8" ? 1 : 2;
    return { type: "F32", size, decode: (bytes) => dequantized(bytes, size, scale, min) };
  }
  throw damaged(
    where,
    `${what.slice(where.length + 2)} is written in a way that is not known (${shown(dtype)})`,
  );
}

/** As TensorFlow.js does: q·scale + min in float64, rounded once. */
function dequantized(
  bytes: Uint8Array<ArrayBuffer>,
  size: 1 | 2,
  scale: number,
  min: number,
): Float32Array<ArrayBuffer> {
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const numbers = size === 1 ? bytes : new Uint16Array(buffer, byteOffset, bytes.length / 2);
  const floats = new Float32Array(numbers.length);
  for (let i = 0; i < floats.length; i++) floats[i] = (numbers[i] as number) * scale + min;
  return floats;
}

function said(json: Json | undefined): string {
  return json === undefined ? "nothing" : shown(json);
}

function damaged(where: string, what: string): WeightsError {
  return new WeightsError(`${where}: ${what}`, { remedy: "the file is damaged; download or save it again" });
}
