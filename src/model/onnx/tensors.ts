/** ONNX' tensors: their shapes and types at once, their numbers when asked for. */
import { shown } from "../../errors.ts";
import { type CheckpointTensor, isReadableType, unreadable } from "../checkpoint.ts";
import { BYTES_PER_NUMBER, toFloat32 } from "../numbers.ts";
import { elementCount } from "../safetensors.ts";
import type { ByteSource } from "../source.ts";
import { type ExternalFiles, type ExternalPlace, readExternalPlace } from "./external.ts";
import type { Wire, WireField } from "./wire.ts";

/** A tensor as it lies in the file. */
export interface OnnxTensor extends CheckpointTensor {
  readonly name: string;
  /** Fields that hold the numbers, each a piece. */
  readonly pieces: readonly WireField[];
  /** Bytes in the numbers' own type, or whole numbers one by one, as 16-bit floats and shapes may be. */
  readonly packing: "bytes" | "integers";
  /** Another file holds the numbers. */
  readonly elsewhere?: ExternalPlace;
}

/** TensorProto.DataType, in safetensors' words. */
const TYPES: Readonly<Record<number, string>> = {
  1: "F32",
  2: "U8",
  3: "I8",
  4: "U16",
  5: "I16",
  6: "I32",
  7: "I64",
  8: "texts",
  9: "BOOL",
  10: "F16",
  11: "F64",
  12: "U32",
  13: "U64",
  16: "BF16",
};

const MOST_DIMENSIONS = 16;

/** @param field a message TensorProto */
export async function readTensorProto(wire: Wire, { begin, end }: WireField): Promise<OnnxTensor> {
  let [name, type, isElsewhere] = ["", 0, false];
  const shape: number[] = [];
  const add = (size: number): void => {
    wire.spend(16);
    shape.push(size);
  };
  const [bytes, integers, places]: [WireField[], WireField[], WireField[]] = [[], [], []];
  for (const field of await wire.fields(begin, end)) {
    if (field.tag === 1) await wire.integers(field, add);
    else if (field.tag === 2) type = field.value;
    else if (field.tag === 8) name = await wire.text(field, 4096);
    else if (field.tag === 4 || field.tag === 9 || field.tag === 10) bytes.push(field);
    else if (field.tag === 5 || field.tag === 7) integers.push(field);
    else if (field.tag === 13 && field.type === 2) places.push(field);
    else if (field.tag === 14) isElsewhere = field.value === 1;
    if (shape.length > MOST_DIMENSIONS) throw wire.damaged(`tensor ${shown(name)} has too many dimensions`);
  }
  const count = elementCount(shape);
  if (!shape.every((n) => Number.isInteger(n) && n >= 0) || !Number.isSafeInteger(count)) {
    throw wire.damaged(`tensor ${shown(name)} has the shape ${shown(shape)}`);
  }
  const word = TYPES[type] ?? `type ${type}`;
  const packing = bytes.length > 0 ? "bytes" : "integers";
  const pieces = packing === "bytes" ? bytes : integers;
  const tensor = { name, type: word, shape, pieces, packing } as const;
  if (isElsewhere) {
    const elsewhere = await readExternalPlace(wire, name, places);
    const expected = isReadableType(word) ? count * BYTES_PER_NUMBER[word] : elsewhere.length;
    if ((elsewhere.length ?? expected) === expected) return { ...tensor, elsewhere };
    throw wire.damaged(
      `tensor ${shown(name)} expects ${expected} bytes of ${shown(elsewhere.file)}, got ${elsewhere.length}`,
    );
  }
  const length = pieces.reduce((sum, piece) => sum + piece.end - piece.begin, 0);
  if (packing === "bytes" && isReadableType(word) && length !== count * BYTES_PER_NUMBER[word]) {
    const expected = count * BYTES_PER_NUMBER[word];
    throw wire.damaged(`tensor ${shown(name)} expects ${expected} bytes, got ${length}`);
  }
  return tensor;
}

/** A file and those beside it. */
export interface OnnxFiles {
  readonly source: ByteSource;
  readonly wire: Wire;
  readonly external: ExternalFiles;
}

/** Floating-point numbers as float32. @throws WeightsError */
export async function readNumbers(
  { source, wire, external }: OnnxFiles,
  tensor: OnnxTensor,
): Promise<Float32Array<ArrayBuffer>> {
  const { name, type, shape, pieces, packing, elsewhere } = tensor;
  const what = `${source.name}: tensor ${shown(name)}`;
  if (!isReadableType(type)) throw unreadable(source.name, name, type);
  if (elsewhere !== undefined) {
    return toFloat32(
      what,
      await external.read(elsewhere, elementCount(shape) * BYTES_PER_NUMBER[type]),
      type,
    );
  }
  if (packing === "integers") return ofBits(what, wire, tensor);
  const [only] = pieces;
  if (only && pieces.length === 1) return toFloat32(what, await source.read(only.begin, only.end), type);
  const bytes = new Uint8Array(elementCount(shape) * BYTES_PER_NUMBER[type]);
  let at = 0;
  for (const { begin, end } of pieces) {
    bytes.set(await source.read(begin, end), at);
    at += end - begin;
  }
  return toFloat32(what, bytes, type);
}

/** 16-bit floats may be written as whole numbers of the same bits. */
async function ofBits(what: string, wire: Wire, tensor: OnnxTensor): Promise<Float32Array<ArrayBuffer>> {
  const count = elementCount(tensor.shape);
  const bytes = tensor.pieces.reduce((sum, { begin, end }) => sum + end - begin, 0);
  // Every number takes a byte at least.
  const bits = new Uint16Array(Math.min(count, bytes));
  let at = 0;
  for (const piece of tensor.pieces) {
    await wire.integers(piece, (value) => {
      bits[at] = value;
      at += 1;
    });
  }
  if (at !== count || (tensor.type !== "F16" && tensor.type !== "BF16")) {
    throw wire.damaged(`tensor ${shown(tensor.name)} expects ${count} numbers, got ${at}`);
  }
  return toFloat32(what, new Uint8Array(bits.buffer), tensor.type);
}

/** Whole numbers of a small tensor, such as the shape that Reshape takes; none of a large one. */
export async function integersOf(
  { wire, external }: OnnxFiles,
  { type, shape, pieces, packing, elsewhere }: OnnxTensor,
): Promise<readonly number[]> {
  const numbers: number[] = [];
  const count = elementCount(shape);
  if (count > MOST_DIMENSIONS) return numbers;
  if (elsewhere !== undefined)
    return type === "I64" ? wholeNumbers(await external.read(elsewhere, 8 * count)) : numbers;
  for (const piece of pieces) {
    if (packing === "integers") await wire.integers(piece, (value) => numbers.push(value));
    else if (type === "I64" && piece.end - piece.begin <= 8 * MOST_DIMENSIONS) {
      numbers.push(...wholeNumbers(await wire.bytes(piece.begin, piece.end)));
    }
  }
  return numbers;
}

function wholeNumbers({ buffer, byteOffset, length }: Uint8Array): readonly number[] {
  const view = new DataView(buffer, byteOffset, length);
  return Array.from({ length: Math.floor(length / 8) }, (_, i) => Number(view.getBigInt64(8 * i, true)));
}
