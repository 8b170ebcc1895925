/** The numbers of a dataset: where they lie (IV.A.2.i, IV.A.2.l), and reading them as float32. */
import { unzlibSync } from "fflate";
import { shown, WeightsError } from "../../errors.ts";
import { isReadableType, unreadable } from "../checkpoint.ts";
import { toFloat32 } from "../numbers.ts";
import { swapBytes } from "../readers/numpy-type.ts";
import { damaged, type Fields, type Hdf5Bytes, unknownForm } from "./bytes.ts";
import { treeLeaves } from "./groups.ts";
import { countOf, type ElementType } from "./values.ts";

/** Beyond the file's own size, what a dataset may have when unpacked; of 16 bits, from which twice as much is made. */
const UNPACKED_OVER_FILE = { narrow: 1 << 19, wide: 3 << 20 } as const;
/** Beyond the file's own size, what a dataset and two copies of a chunk may have. */
const CHUNKS_OVER_FILE = 12 << 20;
/** Weights have at most five dimensions. */
const MAX_CHUNK_RANK = 6;

export type NumberLayout =
  | { readonly kind: "compact"; readonly data: Fields }
  | { readonly kind: "contiguous"; readonly begin: number | undefined; readonly length: number }
  | {
      readonly kind: "chunked";
      readonly tree: number | undefined;
      /** Of a chunk, in elements. */
      readonly chunk: readonly number[];
      readonly filters: readonly Filter[];
    }
  | { readonly kind: "other"; readonly what: string };

interface Filter {
  readonly id: number;
  readonly name: string;
}

interface Stored {
  readonly shape: readonly number[];
  readonly type: ElementType;
  readonly layout: NumberLayout;
}

export function readLayout(fields: Fields, filters: Fields | undefined): NumberLayout {
  const version = fields.u8();
  if (version !== 3 && version !== 4) return { kind: "other", what: `a layout of version ${version}` };
  const kind = fields.u8();
  if (kind === 0) return { kind: "compact", data: fields.part(fields.u16()) };
  if (kind === 1) return { kind: "contiguous", begin: fields.address(), length: fields.u64() };
  if (kind !== 2 || version === 4) return { kind: "other", what: "chunks in the form of HDF5 1.10" };
  const rank = fields.u8() - 1;
  const tree = fields.address();
  const chunk = Array.from({ length: Math.max(rank, 0) }, () => fields.u32());
  return { kind: "chunked", tree, chunk, filters: filters === undefined ? [] : readFilters(filters) };
}

function readFilters(fields: Fields): readonly Filter[] {
  const version = fields.u8();
  const count = fields.u8();
  if (version !== 1 && version !== 2) throw new RangeError("filters are of an unknown version");
  fields.skip(version === 1 ? 6 : 0);
  return Array.from({ length: count }, () => {
    const id = fields.u16();
    const nameLength = version === 1 || id >= 256 ? fields.u16() : 0;
    const values = fields.skip(2).u16();
    const name = fields.text(version === 1 ? Math.ceil(nameLength / 8) * 8 : nameLength);
    fields.skip(4 * (version === 1 ? values + (values % 2) : values));
    return { id, name };
  });
}

/** @throws WeightsError where they are not in the file, or not of a kind that can be read */
export async function readNumbers(
  bytes: Hdf5Bytes,
  path: string,
  stored: Stored,
): Promise<Float32Array<ArrayBuffer>> {
  const { type, shape } = stored;
  const where = `${bytes.where}: tensor ${shown(path)}`;
  const { name, size, bigEndian } = type;
  if (!isReadableType(name)) throw unreadable(bytes.where, path, name);
  const length = countOf(shape) * size;
  const raw = await readRaw(bytes, where, stored, length);
  if (raw.length !== length) throw damaged(where, `it takes ${length} bytes, got ${raw.length}`);
  if (bigEndian) swapBytes(raw, size);
  return toFloat32(where, raw, name);
}

async function readRaw(
  bytes: Hdf5Bytes,
  where: string,
  { layout, shape, type }: Stored,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (layout.kind === "other") throw unknownForm(where, `it is stored as ${layout.what}`);
  if (layout.kind === "compact") {
    const { view } = layout.data;
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
  }
  const spare = UNPACKED_OVER_FILE[type.size === 2 ? "narrow" : "wide"];
  if (length > bytes.source.size + spare)
    throw damaged(where, `it claims ${length} bytes, the file has ${bytes.source.size}`);
  if (layout.kind === "chunked") return readChunks(bytes, where, layout, shape, type.size, length);
  if (length === 0) return new Uint8Array(0);
  if (layout.begin === undefined) throw damaged(where, "its numbers were never written");
  if (layout.begin + length > bytes.source.size || layout.length < length)
    throw damaged(where, `it ends at byte ${layout.begin + length}, the file has ${bytes.source.size}`);
  return bytes.source.read(layout.begin, layout.begin + length);
}

/** Chunks tile the dataset; at its edges they stand over. */
async function readChunks(
  bytes: Hdf5Bytes,
  where: string,
  layout: NumberLayout & { readonly kind: "chunked" },
  shape: readonly number[],
  size: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { chunk, tree, filters } = layout;
  const chunkBytes = countOf(chunk) * size;
  // Chunks within the dataset unpack to no more than twice of it along each axis, however many there are.
  if (chunk.length !== shape.length || chunk.length > MAX_CHUNK_RANK)
    throw damaged(where, "its chunks have another rank than it");
  if (chunk.some((n, axis) => n < 1 || n > (shape[axis] as number)))
    throw damaged(where, `its chunks are (${chunk.join()}), larger than it or empty`);
  if (length + 2 * chunkBytes > bytes.source.size + CHUNKS_OVER_FILE)
    throw damaged(where, `its chunks claim ${chunkBytes} bytes each`);
  if (tree === undefined) throw damaged(where, "its numbers were never written");
  const readKey = (fields: Fields): { stored: number; mask: number; at: readonly number[] } => {
    const [stored, mask] = [fields.u32(), fields.u32()];
    const at = shape.map(() => fields.u64());
    fields.skip(8);
    return { stored, mask, at };
  };
  const leaves = await treeLeaves(bytes, tree, 1, readKey, 16 + 8 * shape.length);
  const expected = shape.reduce((count, n, axis) => count * Math.ceil(n / (chunk[axis] as number)), 1);
  if (leaves.length !== expected || new Set(leaves.map(({ key }) => key.at.join())).size !== expected)
    throw damaged(where, `it has ${expected} chunks, got ${leaves.length}`);
  const out = new Uint8Array(length);
  for (const { key, child } of leaves) {
    if (key.at.some((at, axis) => at % (chunk[axis] as number) !== 0 || at >= (shape[axis] as number)))
      throw damaged(where, "a chunk of it lies elsewhere");
    if (key.stored > chunkBytes * 1.01 + 1024 || child + key.stored > bytes.source.size)
      throw damaged(where, `a chunk of it claims ${key.stored} bytes`);
    const packed = await bytes.source.read(child, child + key.stored);
    const unpacked = unfilter(where, packed, filters, key.mask, chunkBytes, size);
    copyChunk(unpacked, chunk, key.at, out, shape, size);
  }
  return out;
}

/** Undoes the filters, the last one first. */
function unfilter(
  where: string,
  packed: Uint8Array<ArrayBuffer>,
  filters: readonly Filter[],
  mask: number,
  chunkBytes: number,
  size: number,
): Uint8Array {
  let data: Uint8Array = packed;
  for (let i = filters.length - 1; i >= 0; i--) {
    const { id, name } = filters[i] as Filter;
    if (mask & (1 << i)) continue;
    if (id === 1) data = inflate(where, data, chunkBytes + 4);
    else if (id === 2) data = unshuffle(data, size);
    else if (id === 3) data = data.subarray(0, Math.max(data.length - 4, 0));
    else {
      throw new WeightsError(`${where} is packed by ${shown(name || `filter ${id}`)}`, {
        remedy: "save the network without compression, or with gzip",
      });
    }
  }
  if (data.length !== chunkBytes) throw damaged(where, `a chunk of it has ${data.length} bytes`);
  return data;
}

/** Into a buffer of the size that is expected: a chunk that expands further is cut, and refused by its length. */
function inflate(where: string, data: Uint8Array, most: number): Uint8Array {
  try {
    return unzlibSync(data, { out: new Uint8Array(most) });
  } catch (cause) {
    throw damaged(where, "a chunk of it does not unpack", cause);
  }
}

/** Bytes of equal place stand together: all first bytes, all second bytes, … */
function unshuffle(data: Uint8Array, size: number): Uint8Array {
  const count = Math.floor(data.length / size);
  const out = data.slice();
  for (let place = 0; place < size; place++)
    for (let i = 0; i < count; i++) out[i * size + place] = data[place * count + i] as number;
  return out;
}

/** Row by row of the last dimension. */
function copyChunk(
  from: Uint8Array,
  chunk: readonly number[],
  at: readonly number[],
  to: Uint8Array,
  shape: readonly number[],
  size: number,
): void {
  const last = shape.length - 1;
  if (last < 0) {
    to.set(from.subarray(0, to.length));
    return;
  }
  const extent = shape.map((n, axis) => Math.min(chunk[axis] as number, n - (at[axis] as number)));
  const rows = extent.slice(0, last).reduce((product, n) => product * n, 1);
  const rowBytes = (extent[last] as number) * size;
  const index = new Array<number>(last).fill(0);
  for (let row = 0; row < rows; row++) {
    let [source, target] = [0, 0];
    for (let axis = 0; axis <= last; axis++) {
      const i = index[axis] ?? 0;
      source = source * (chunk[axis] as number) + i;
      target = target * (shape[axis] as number) + (at[axis] as number) + i;
    }
    to.set(from.subarray(source * size, source * size + rowBytes), target * size);
    for (let axis = last - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (extent[axis] as number)) break;
      index[axis] = 0;
    }
  }
}
