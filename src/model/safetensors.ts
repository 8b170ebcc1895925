/**
 * A strict reader and writer of safetensors (https://github.com/huggingface/safetensors, "Format"). A file is the length
 * of the header as an unsigned 64-bit little-endian number, the header in JSON, then the tensors' bytes without gaps or
 * overlaps. A file may be hostile, so every number is checked before it is used.
 */
import { shown, WeightsError } from "../errors.ts";
import { isReadableType, missing, type ReadableType, unreadable } from "./checkpoint.ts";
import { type HeaderJson, parseHeaderJson } from "./header-json.ts";
import { toFloat32 } from "./numbers.ts";
import type { ByteSource } from "./source.ts";

/** Bytes an element takes. All may appear in a file; F64, F32, F16 and BF16 can be read. */
const BYTES_PER_ELEMENT: ReadonlyMap<string, number> = new Map([
  ["BOOL", 1],
  ["U8", 1],
  ["I8", 1],
  ["F8_E4M3", 1],
  ["F8_E5M2", 1],
  ["U16", 2],
  ["I16", 2],
  ["F16", 2],
  ["BF16", 2],
  ["U32", 4],
  ["I32", 4],
  ["F32", 4],
  ["U64", 8],
  ["I64", 8],
  ["F64", 8],
]);
/** VGG-19 with batch norm needs 20 kB. Larger headers are refused before they take memory. */
const MAX_HEADER_BYTES = 4 << 20;
const MAX_TENSORS = 16384;
const METADATA = "__metadata__";
const CORRUPT = "the file is damaged or was not written as safetensors; download or convert it again";

/** One tensor's entry; `begin` and `end` count bytes from the start of the file. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface ReadableTensor extends TensorInfo {
  readonly dtype: ReadableType;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/** Numbers in rows: the last index runs fastest. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A tensor as it was read from a file. */
export interface StoredTensor extends Tensor {
  readonly dtype: string;
  /** Converted to float32: exactly, F64 to the nearest. */
  readonly data: Float32Array<ArrayBuffer>;
}

/**
 * Reads and checks the table of contents; no tensor is read.
 * @throws WeightsError naming the tensor, what was expected and what is there.
 */
export async function readHeader(source: ByteSource): Promise<SafetensorsHeader> {
  const where = source.name;
  if (source.size < 8) throw corrupt(`${where}: a safetensors file has at least 8 bytes, got ${source.size}`);
  const prefix = await source.read(0, 8);
  rejectOtherFormats(where, prefix);
  // As an integer of any size until it is known to be small: 2⁶³ + 1 would round.
  const claimed = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (claimed > BigInt(source.size - 8)) {
    throw corrupt(
      `${where}: the header claims ${claimed} bytes, the file has ${source.size - 8} after its first 8`,
    );
  }
  const length = Number(claimed);
  if (length > MAX_HEADER_BYTES) {
    throw corrupt(`${where}: the header claims ${length} bytes, more than the ${MAX_HEADER_BYTES} allowed`);
  }
  const entries = parseHeader(where, await source.read(8, 8 + length));
  const metadata = readMetadata(where, entries.get(METADATA));
  const tensors = new Map<string, TensorInfo>();
  for (const [name, entry] of entries) {
    if (name !== METADATA) tensors.set(name, readTensorInfo(where, name, entry, 8 + length));
  }
  if (tensors.size > MAX_TENSORS) {
    throw corrupt(`${where}: ${tensors.size} tensors, more than the ${MAX_TENSORS} allowed`);
  }
  checkLayout(source, [...tensors.values()], 8 + length);
  return { metadata, tensors };
}

/**
 * Where a file ends by its own header, for those that come without their length.
 * @param first bytes of the file
 * @returns undefined for a file of another kind, or where more bytes are needed
 */
export function endByHeader(first: Uint8Array): number | undefined {
  if (first.length < 9 || first[8] !== 0x7b) return undefined;
  const length = Number(new DataView(first.buffer, first.byteOffset).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || first.length < 8 + length) return undefined;
  const header = new TextDecoder().decode(first.subarray(8, 8 + length));
  const ends = [...header.matchAll(/"data_offsets"\s*:\s*\[\s*\d+\s*,\s*(\d+)\s*\]/g)].map(([, end]) =>
    Number(end),
  );
  return 8 + length + ends.reduce((most, end) => Math.max(most, end), 0);
}

/**
 * Reads one tensor of an F64, F32, F16 or BF16 checkpoint as float32.
 * @param rows first index from (inclusive) and to (exclusive), where not all are wanted
 * @throws WeightsError where it is missing, of another type, or the file ends within it.
 */
export async function readTensor(
  source: ByteSource,
  header: SafetensorsHeader,
  name: string,
  rows?: readonly [from: number, to: number],
): Promise<StoredTensor> {
  const whole = readableTensor(source.name, header, name);
  const info = rows === undefined ? whole : rowsOf(whole, rows);
  const { dtype, shape } = info;
  const bytes = await source.read(info.begin, info.end);
  if (bytes.length !== info.end - info.begin) {
    throw corrupt(
      `${source.name}: tensor ${shown(name)} takes ${info.end - info.begin} bytes, got ${bytes.length}`,
    );
  }
  return { dtype, shape, data: toFloat32(`${source.name}: tensor ${shown(name)}`, bytes, dtype) };
}

function rowsOf(tensor: ReadableTensor, [from, to]: readonly [number, number]): ReadableTensor {
  const [count = 1, ...rest] = tensor.shape;
  const row = (tensor.end - tensor.begin) / count;
  return {
    ...tensor,
    shape: [to - from, ...rest],
    begin: tensor.begin + from * row,
    end: tensor.begin + to * row,
  };
}

/**
 * A tensor's entry, whose numbers can be read.
 * @param where the file's name, for messages
 * @throws WeightsError where it is missing or of a type that is not read.
 */
export function readableTensor(where: string, header: SafetensorsHeader, name: string): ReadableTensor {
  const info = header.tensors.get(name);
  if (info === undefined) throw missing(where, name);
  const { dtype } = info;
  if (isReadableType(dtype)) return { ...info, dtype };
  throw unreadable(where, name, dtype);
}

/**
 * Writes float32 tensors, ordered by name, the header padded with spaces so that the data is 8-byte aligned.
 * @throws WeightsError where a shape does not fit its data.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const names = Object.keys(tensors).sort();
  for (const name of names) {
    const { shape, data } = tensors[name] as Tensor;
    if (!shape.every((n) => Number.isSafeInteger(n) && n >= 0) || elementCount(shape) !== data.length) {
      throw new WeightsError(
        `tensor ${shown(name)} of shape ${formatShape(shape)} got ${data.length} numbers`,
      );
    }
  }
  const head = safetensorsHead(
    new Map(names.map((name) => [name, (tensors[name] as Tensor).shape])),
    metadata,
  );
  const bytes = names.reduce((sum, name) => sum + (tensors[name] as Tensor).data.byteLength, head.length);
  const file = new Uint8Array(bytes);
  file.set(head);
  let at = head.length;
  for (const name of names) {
    const { data } = tensors[name] as Tensor;
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/**
 * The beginning of a file of float32 tensors: all that comes before their numbers, which follow in this order. It is padded
 * with spaces so that they are 8-byte aligned.
 * @throws WeightsError for a name that cannot be written
 */
export function safetensorsHead(
  shapes: ReadonlyMap<string, readonly number[]>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const entries: [string, unknown][] = metadata === undefined ? [] : [[METADATA, metadata]];
  let end = 0;
  for (const [name, shape] of shapes) {
    if (name === METADATA) throw new WeightsError(`a tensor cannot be called ${METADATA}`);
    const begin = end;
    end += 4 * elementCount(shape);
    entries.push([name, { dtype: "F32", shape, data_offsets: [begin, end] }]);
  }
  // `Object.fromEntries` defines keys, so a tensor called `__proto__` is written as one.
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const head = new Uint8Array(8 + headerBytes).fill(32, 8);
  new DataView(head.buffer).setBigUint64(0, BigInt(headerBytes), true);
  head.set(json, 8);
  return head;
}

/** `(64,3,3,3)`, as in messages. */
export function formatShape(shape: readonly number[]): string {
  return `(${shape.join(",")})`;
}

/** Numbers in a tensor of this shape; a scalar's shape is empty. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

function parseHeader(where: string, bytes: Uint8Array): ReadonlyMap<string, HeaderJson> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.startsWith("{")) throw new SyntaxError("it does not begin with {");
    return parseHeaderJson(text) as ReadonlyMap<string, HeaderJson>;
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? cause.message : "its text is not UTF-8";
    throw corrupt(`${where}: the safetensors header is malformed: ${reason}`, cause);
  }
}

function readMetadata(where: string, json: HeaderJson | undefined): Readonly<Record<string, string>> {
  if (json === undefined) return {};
  const texts: [string, string][] = [];
  for (const [key, value] of json instanceof Map ? json : [[METADATA, json]]) {
    if (typeof value !== "string") throw corrupt(`${where}: metadata ${shown(key)} is not a text`);
    texts.push([key, value]);
  }
  if (!(json instanceof Map)) throw corrupt(`${where}: ${METADATA} expects an object of texts`);
  return Object.fromEntries(texts);
}

function readTensorInfo(where: string, name: string, json: HeaderJson, dataBegin: number): TensorInfo {
  const at = `${where}: tensor ${shown(name)}`;
  if (!(json instanceof Map)) throw corrupt(`${at} is not described by an object`);
  const fields: ReadonlyMap<string, HeaderJson> = json;
  for (const key of fields.keys()) {
    if (!["dtype", "shape", "data_offsets"].includes(key))
      throw corrupt(`${at} has an unknown field ${shown(key)}`);
  }
  const dtype = fields.get("dtype");
  const bytes = typeof dtype === "string" ? BYTES_PER_ELEMENT.get(dtype) : undefined;
  if (typeof dtype !== "string" || bytes === undefined) {
    throw corrupt(`${at} has the unknown type ${typeof dtype === "string" ? shown(dtype) : "(none)"}`);
  }
  const shape = integers(fields.get("shape"));
  if (shape === undefined) throw corrupt(`${at} has no shape`);
  const offsets = integers(fields.get("data_offsets"));
  const [begin, end] = offsets ?? [];
  if (offsets?.length !== 2 || begin === undefined || end === undefined || begin > end) {
    throw corrupt(`${at} expects data_offsets [begin, end], got [${offsets?.join(", ") ?? ""}]`);
  }
  const size = byteLength(shape, bytes);
  if (size === undefined) throw corrupt(`${at} of shape ${formatShape(shape)} has 2^53 bytes or more`);
  if (end - begin !== size) {
    throw corrupt(`${at} (${dtype}, ${formatShape(shape)}) takes ${size} bytes, got ${end - begin}`);
  }
  return { name, dtype, shape, begin: dataBegin + begin, end: dataBegin + end };
}

/** Undefined where the product passes 2⁵³ on the way, even if a zero follows. */
function byteLength(shape: readonly number[], bytesPerElement: number): number | undefined {
  let size = bytesPerElement;
  for (const n of shape) {
    size *= n;
    if (!Number.isSafeInteger(size)) return undefined;
  }
  return size;
}

function integers(json: HeaderJson | undefined): readonly number[] | undefined {
  if (!Array.isArray(json)) return undefined;
  const list: readonly HeaderJson[] = json;
  return list.every((n) => typeof n === "number") ? list : undefined;
}

/** The tensors must tile the rest of the file: no gap, no overlap, nothing after them. */
function checkLayout(source: ByteSource, tensors: readonly TensorInfo[], dataBegin: number): void {
  let at = dataBegin;
  for (const { name, begin, end } of [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const tensor = `${source.name}: tensor ${shown(name)}`;
    if (begin !== at) {
      const relation = begin < at ? "overlaps the tensor before it" : "leaves a gap before it";
      throw corrupt(`${tensor} ${relation}: expected to begin at byte ${at}, got ${begin}`);
    }
    if (end > source.size) {
      throw new WeightsError(`${tensor} ends at byte ${end}, the file has ${source.size}: it is cut short`, {
        remedy: "download the file again",
      });
    }
    at = end;
  }
  if (at !== source.size) {
    throw corrupt(`${source.name}: expected ${at} bytes (the tensors end there), got ${source.size}`);
  }
}

/** Names what the file is where it is something else that people often give. */
function rejectOtherFormats(where: string, prefix: Uint8Array): void {
  const text = String.fromCharCode(...prefix);
  const [kind, remedy] = /^\s*<(!d|ht|\?x|he|!-)/i.test(text)
    ? ["an HTML page", "check the address: the server answered with a page"]
    : text.startsWith("PK\u0003\u0004")
      ? ["a zip archive (PyTorch .pth?)", "convert it to safetensors"]
      : text.startsWith("\u0089HDF")
        ? ["an HDF5 file (Keras .h5?)", "convert it to safetensors, OIHW"]
        : text.startsWith("version ")
          ? ["a Git LFS pointer", "fetch the file itself: git lfs pull"]
          : [];
  if (kind !== undefined && remedy !== undefined) {
    throw new WeightsError(`${where}: expected a safetensors file, got ${kind}`, { remedy });
  }
}

function corrupt(message: string, cause?: unknown): WeightsError {
  return new WeightsError(message, { remedy: CORRUPT, cause });
}
