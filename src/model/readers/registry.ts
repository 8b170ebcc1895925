/**
 * The kinds of file that weights are read from, each with a reader that is loaded only when such a file comes. A kind is
 * told by the file's bytes, never by its name.
 */
import type { Beside } from "../beside.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { type Json, property } from "../keras/config.ts";
import type { ByteSource } from "../source.ts";
import type { OpenFile } from "./shards.ts";
import type { Zip } from "./zip.ts";

export interface Reader {
  /** Reads what the file lists; numbers when they are asked for. @throws WeightsError */
  open(source: ByteSource, beside: Beside): Promise<Checkpoint>;
}

export interface ZipReader {
  /** As `Reader.open`, of an archive whose directory was read. */
  open(source: ByteSource, zip: Zip): Promise<Checkpoint>;
}

export interface JsonReader {
  /** As `Reader.open`, of a file that was parsed. @param openFile reads files that it names */
  open(source: ByteSource, json: Json, beside: Beside, openFile: OpenFile): Promise<Checkpoint>;
}

interface Named {
  /** For people: `PyTorch`. */
  readonly name: string;
  /** Endings that such files have, for choosers and texts. */
  readonly endings: readonly string[];
}

/** A kind of file that its first bytes tell. */
export interface PlainFormat extends Named {
  /** @param head the file's first bytes, `HEAD_BYTES` of them where it has as many */
  readonly begins: (head: Uint8Array) => boolean;
  readonly load: () => Promise<Reader>;
}

/** A kind of zip archive, which the names of its members tell. */
export interface ZipFormat extends Named {
  readonly holds: (member: string) => boolean;
  readonly load: () => Promise<ZipReader>;
}

/** A kind of JSON, which what it holds tells. */
export interface JsonFormat extends Named {
  readonly holds: (json: Json) => boolean;
  readonly load: () => Promise<JsonReader>;
}

export const HEAD_BYTES = 64;

export const plainFormats: readonly PlainFormat[] = [
  {
    name: "safetensors",
    endings: [".safetensors"],
    begins: (head) => head[8] === 0x7b,
    load: () => import("./safetensors.ts"),
  },
  {
    name: "PyTorch before 1.6, or a pickle",
    endings: [".pth", ".pt", ".ckpt", ".pkl"],
    begins: (head) => (head[0] === 0x80 && (head[1] as number) <= 5) || isTextPickle(head),
    load: () => import("./torch-legacy.ts"),
  },
  {
    name: "Keras HDF5",
    endings: [".h5", ".hdf5"],
    begins: (head) => [0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10].every((byte, i) => head[i] === byte),
    load: () => import("./keras.ts"),
  },
  {
    name: "ONNX",
    endings: [".onnx", ".data"],
    begins: isModelProto,
    load: () => import("./onnx.ts"),
  },
];

export const zipFormats: readonly ZipFormat[] = [
  {
    name: "PyTorch",
    endings: [".pth", ".pt", ".ckpt"],
    holds: (member) => /(^|\/)data\.pkl$/.test(member),
    load: () => import("./torch-zip.ts"),
  },
  {
    name: "NumPy",
    endings: [".npz"],
    holds: (member) => member.endsWith(".npy"),
    load: () => import("./npz.ts"),
  },
  {
    name: "Keras",
    endings: [".keras"],
    holds: (member) => member === "model.weights.h5",
    load: () => import("./keras-zip.ts"),
  },
];

export const jsonFormats: readonly JsonFormat[] = [
  {
    name: "shards",
    endings: [".json"],
    holds: (json) => property(json, "weight_map") !== undefined,
    load: () => import("./shards.ts"),
  },
  {
    name: "TensorFlow.js",
    endings: [".json", ".bin"],
    holds: (json) =>
      property(json, "modelTopology") !== undefined || property(json, "weightsManifest") !== undefined,
    load: () => import("./tensorflow-js.ts"),
  },
];

/** Protocols 0 and 1 have no beginning of their own: PyTorch's number, a dictionary, or a global. */
function isTextPickle(head: Uint8Array): boolean {
  return /^(L119547037146038801333356L|\((dp|lp)\d+\n|\}q|c[a-z_.]+\n)/.test(String.fromCharCode(...head));
}

/**
 * Of files that were chosen together, the one that names the others, or else the one that has weights.
 * @returns undefined of none
 */
export function mainFile<File extends { readonly name: string }>(files: readonly File[]): File | undefined {
  const ending = (endings: readonly string[]) =>
    files.find(({ name }) => endings.some((one) => name.toLowerCase().endsWith(one)));
  const whole = weightsEndings.filter((one) => !PARTS.includes(one));
  const list = files.find(({ name }) => /\.json$/i.test(name) && !ABOUT_NETWORK.test(name));
  return (
    ending([".index.json", "model.json", ".onnx"]) ?? ending(whole) ?? list ?? ending([".bin"]) ?? files[0]
  );
}

/** Endings of files that others name. */
const PARTS: readonly string[] = [".json", ".bin", ".data"];
/** JSON that says something else of a network. */
const ABOUT_NETWORK = /(config|labels?|classes|id2label)\.json$/i;

/** Protocol Buffers have no beginning of their own: a version of ONNX below 32, then the next field of its ModelProto. */
function isModelProto(head: Uint8Array): boolean {
  const [first, version = 0, next = 0] = head;
  return (
    first === 0x08 && version > 0 && version < 32 && [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].includes(next)
  );
}

/** Endings of all kinds of file that open. */
export const weightsEndings: readonly string[] = [
  ...new Set([...plainFormats, ...zipFormats, ...jsonFormats].flatMap(({ endings }) => endings)),
];
