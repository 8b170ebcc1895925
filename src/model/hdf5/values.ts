/** Types, shapes and attributes of HDF5. */
import { damaged, decodeText, Fields, type Hdf5Bytes, unknownForm } from "./bytes.ts";
import { MESSAGE, type Message } from "./header.ts";

/** Of an attribute, in characters: a model's configuration, or the names of its layers. */
const MAX_TEXT = 4 << 20;

/** What an element is: "F32", "I64", … as safetensors calls it; "text" and "texts" (of any length); else "other". */
export interface ElementType {
  readonly name: string;
  readonly size: number;
  readonly bigEndian: boolean;
}

/** A datatype message (IV.A.2.d). */
export function readType(fields: Fields): ElementType {
  const kind = fields.u8() & 15;
  const bits = fields.u8();
  const size = fields.skip(2).u32();
  const type = (name: string): ElementType => ({ name, size, bigEndian: (bits & 1) === 1 });
  if (kind === 0 && [1, 2, 4, 8].includes(size)) return type(`${bits & 8 ? "I" : "U"}${size * 8}`);
  if (kind === 1) return type(floatName(size, fields));
  if (kind === 3) return type("text");
  return type(kind === 9 && (bits & 15) === 1 && size === 16 ? "texts" : "other");
}

/** By how many bits the exponent and the fraction take. */
function floatName(size: number, fields: Fields): string {
  fields.skip(5);
  const exponent = fields.u8();
  const fraction = fields.skip(1).u8();
  const names = new Map([
    ["2 5 10", "F16"],
    ["2 8 7", "BF16"],
    ["4 8 23", "F32"],
    ["8 11 52", "F64"],
  ]);
  return names.get(`${size} ${exponent} ${fraction}`) ?? "other";
}

/** A dataspace message (IV.A.2.b). */
export function readShape(fields: Fields): readonly number[] {
  const version = fields.u8();
  const rank = fields.u8();
  if (version !== 1 && version !== 2) throw new RangeError("a shape is of an unknown version");
  if (rank > 32) throw new RangeError("a shape has more than 32 dimensions");
  const type = fields.skip(1).u8();
  fields.skip(version === 1 ? 4 : 0);
  if (version === 2 && type === 2) return [0];
  return Array.from({ length: rank }, () => fields.u64());
}

/** 2⁵³ or more is no number of elements. */
export function countOf(shape: readonly number[]): number {
  let count = 1;
  for (const n of shape) {
    count *= n;
    if (!Number.isSafeInteger(count)) throw new RangeError("a shape of 2^53 elements or more");
  }
  return count;
}

/**
 * The texts of an attribute: one, or a list. Undefined where there is none of this name, or where it holds no text.
 * @throws WeightsError where attributes are kept elsewhere, or its texts are not in the file
 */
export async function readTexts(
  bytes: Hdf5Bytes,
  messages: readonly Message[],
  wanted: string,
): Promise<readonly string[] | undefined> {
  for (const message of messages) {
    const fields = message.fields();
    if (message.type === MESSAGE.attributeInfo) expectCompact(bytes, fields);
    if (message.type !== MESSAGE.attribute || message.shared) continue;
    const attribute = readAttribute(fields);
    if (attribute.name === wanted) return textsOf(bytes, attribute);
  }
  return undefined;
}

function expectCompact(bytes: Hdf5Bytes, fields: Fields): void {
  fields.skip(1);
  fields.skip(fields.u8() & 1 ? 2 : 0);
  if (fields.address() === undefined) return;
  throw unknownForm(bytes.where, "a group keeps its attributes in a fractal heap");
}

interface Attribute {
  readonly name: string;
  readonly type: Fields;
  readonly shape: Fields;
  readonly data: Fields;
}

/** An attribute message (IV.A.2.m). */
function readAttribute(fields: Fields): Attribute {
  const version = fields.u8();
  if (version < 1 || version > 3) throw new RangeError("an attribute is of an unknown version");
  const nameLength = fields.skip(1).u16();
  const typeLength = fields.u16();
  const shapeLength = fields.u16();
  if (version === 3) fields.skip(1);
  const padded = (length: number): number => (version === 1 ? Math.ceil(length / 8) * 8 : length);
  const name = decodeText(viewBytes(fields.part(padded(nameLength))));
  const type = fields.part(padded(typeLength));
  const shape = fields.part(padded(shapeLength));
  return { name, type, shape, data: fields.part(fields.left) };
}

async function textsOf(
  bytes: Hdf5Bytes,
  { type, shape, data }: Attribute,
): Promise<readonly string[] | undefined> {
  const element = readType(type);
  if (element.name !== "text" && element.name !== "texts") return undefined;
  const count = countOf(readShape(shape));
  if (element.size < 1 || count * element.size > data.left)
    throw damaged(bytes.where, `an attribute claims ${count} texts of ${element.size} bytes`);
  const texts: string[] = [];
  let characters = 0;
  const heaps = new Map<number, ReadonlyMap<number, Heaped>>();
  for (let i = 0; i < count; i++) {
    bytes.step();
    const text =
      element.name === "text" ? data.text(element.size) : await heapText(bytes, data.part(16), heaps);
    characters += text.length;
    if (characters > MAX_TEXT)
      throw damaged(bytes.where, `an attribute holds more than ${MAX_TEXT} characters`);
    texts.push(text);
  }
  return texts;
}

interface Heaped {
  readonly begin: number;
  readonly length: number;
}

/** A text of any length lies in a global heap (III.E). */
async function heapText(
  bytes: Hdf5Bytes,
  fields: Fields,
  heaps: Map<number, ReadonlyMap<number, Heaped>>,
): Promise<string> {
  const length = fields.u32();
  if (length === 0) return "";
  const address = fields.u64();
  const heap = heaps.get(address) ?? (await readHeap(bytes, address));
  heaps.set(address, heap);
  const found = heap.get(fields.u32());
  if (found === undefined || found.length < length)
    throw damaged(bytes.where, "a text of an attribute is missing");
  return decodeText(viewBytes(new Fields(await bytes.at(found.begin, length))));
}

async function readHeap(bytes: Hdf5Bytes, address: number): Promise<ReadonlyMap<number, Heaped>> {
  const size = new Fields(await bytes.at(address, 16)).expect("GCOL").skip(4).u64();
  const objects = new Map<number, Heaped>();
  let at = address + 16;
  while (at + 16 <= address + size) {
    const fields = new Fields(await bytes.at(at, 16));
    const index = fields.u16();
    const length = fields.skip(6).u64();
    if (index === 0) break;
    objects.set(index, { begin: at + 16, length });
    at += 16 + Math.ceil(length / 8) * 8;
  }
  return objects;
}

function viewBytes({ view }: Fields): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
