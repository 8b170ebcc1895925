/**
 * Reads HDF5 (HDF5 File Format Specification 3.0), as far as Keras writes it: groups, attributes that hold texts, and
 * datasets that are contiguous, compact or in chunks (deflate, shuffle, Fletcher-32).
 *
 * It is ours, since the libraries there are ask for what this project cannot give. Of a file of 553 MB, one convolution of
 * VGG-16 takes 9 ms here and 7 MB beyond Node's own, for 3.4 MB that are read. jsfive wants the whole file in memory (584
 * MB), and a JavaScript number for each of the tensor's (2,133 MB for the first dense layer). h5wasm takes 1,668 MB where
 * the file is in memory, and is as frugal only on a file system that reads at once, which a page's main thread and an
 * address do not have; and its WebAssembly runs under no policy without `wasm-unsafe-eval`. So this reader is held to h5wasm
 * instead, number by number: test/model/hdf5/library.test.ts.
 */

import { WeightsError } from "../../errors.ts";
import { missing } from "../checkpoint.ts";
import type { ByteSource } from "../source.ts";
import { damaged, Fields, Hdf5Bytes } from "./bytes.ts";
import { readLinks } from "./groups.ts";
import { MESSAGE, type Message, readMessages } from "./header.ts";
import { readLayout, readNumbers } from "./numbers.ts";
import { countOf, type ElementType, readShape, readTexts, readType } from "./values.ts";

const MAX_DEPTH = 12;
/** In characters. */
const MAX_PATH = 1000;

export interface Dataset {
  readonly shape: readonly number[];
  readonly type: ElementType;
}

export interface Hdf5File {
  /** By path, `model_weights/conv2d/conv2d/kernel:0`, in the file's order. */
  readonly datasets: ReadonlyMap<string, Dataset>;
  /** Paths of groups; of the root it is the empty text. */
  readonly groups: ReadonlySet<string>;
  /** A byte of each group and dataset: in a file that was written at once, those of later ones lie behind. */
  readonly places: ReadonlyMap<string, number>;
  /** The texts of a group's or dataset's attribute, undefined where it has none of that name. */
  texts(path: string, attribute: string): Promise<readonly string[] | undefined>;
  /** Numbers of a dataset in its own order, as float32. */
  read(path: string): Promise<Float32Array<ArrayBuffer>>;
}

/** @throws WeightsError for a file that is damaged or of a form that Keras does not write */
export async function openHdf5(source: ByteSource): Promise<Hdf5File> {
  const bytes = new Hdf5Bytes(source);
  const { datasets, addresses, places } = await typed(bytes, () => readTree(bytes));
  // Texts are asked for while the file is opened, as often as it says: all of them have one budget.
  bytes.refill();
  const messagesOf = async (path: string): Promise<readonly Message[]> => {
    const address = addresses.get(path);
    return address === undefined ? [] : readMessages(bytes, address);
  };
  return {
    datasets,
    places,
    groups: new Set([...addresses.keys()].filter((path) => !datasets.has(path))),
    texts: (path, attribute) => typed(bytes, async () => readTexts(bytes, await messagesOf(path), attribute)),
    read: (path) =>
      typed(bytes, async () => {
        bytes.refill();
        const messages = await messagesOf(path);
        const dataset = readDataset(messages);
        const layout = messages.find(({ type }) => type === MESSAGE.layout);
        if (dataset === undefined || layout === undefined) throw missing(source.name, path);
        const filters = messages.find(({ type }) => type === MESSAGE.filters);
        return readNumbers(bytes, path, {
          ...dataset,
          layout: readLayout(layout.fields(), filters?.fields()),
        });
      }),
  };
}

interface Tree {
  readonly datasets: ReadonlyMap<string, Dataset>;
  /** Of groups and datasets. */
  readonly addresses: ReadonlyMap<string, number>;
  readonly places: ReadonlyMap<string, number>;
}

/** Every object that can be reached from the root, each once. What they say is read again when it is asked for. */
async function readTree(bytes: Hdf5Bytes): Promise<Tree> {
  const datasets = new Map<string, Dataset>();
  const addresses = new Map<string, number>();
  const places = new Map<string, number>();
  const seen = new Set<number>();
  const visit = async (path: string, address: number, depth: number): Promise<void> => {
    if (seen.has(address)) return;
    seen.add(address);
    if (depth > MAX_DEPTH || path.length > MAX_PATH)
      throw damaged(bytes.where, "its groups lie deeper than those of any network");
    const messages = await readMessages(bytes, address);
    const dataset = readDataset(messages);
    addresses.set(path, address);
    // A header may fill a hole that was left; a group's tree of names is too large for most.
    const tree = messages.find(({ type }) => type === MESSAGE.symbolTable);
    places.set(path, Math.max(address, tree?.fields().address() ?? 0));
    if (dataset !== undefined) {
      datasets.set(path, dataset);
      return;
    }
    for (const [name, child] of await readLinks(bytes, messages))
      await visit(path === "" ? name : `${path}/${name}`, child, depth + 1);
  };
  await visit("", await rootAddress(bytes), 0);
  return { datasets, addresses, places };
}

/** The superblock (II.A), version 0 to 3. */
async function rootAddress(bytes: Hdf5Bytes): Promise<number> {
  if (bytes.source.size < 96) throw damaged(bytes.where, "it is too short for an HDF5 file");
  const fields = new Fields(await bytes.at(0, 96));
  if (fields.skip(1).text(3) !== "HDF") throw damaged(bytes.where, "it is no HDF5 file");
  const version = fields.skip(4).u8();
  if (version > 3) throw damaged(bytes.where, `its superblock is of the unknown version ${version}`);
  const [offsets, lengths] = version < 2 ? [fields.skip(4).u8(), fields.u8()] : [fields.u8(), fields.u8()];
  if (offsets !== 8 || lengths !== 8) throw damaged(bytes.where, "its addresses are not of 8 bytes");
  if (version >= 2) fields.skip(1);
  else fields.skip(version === 1 ? 13 : 9);
  const base = fields.u64();
  if (base !== 0) throw damaged(bytes.where, "it lies within another file");
  fields.skip(version < 2 ? 24 + 8 : 16);
  return fields.u64();
}

/** Undefined for a group. */
function readDataset(messages: readonly Message[]): Dataset | undefined {
  const message = (wanted: number): Message | undefined =>
    messages.find(({ type, shared }) => type === wanted && !shared);
  const space = message(MESSAGE.dataspace);
  const type = message(MESSAGE.datatype);
  if (message(MESSAGE.layout) === undefined || space === undefined || type === undefined) return undefined;
  const shape = readShape(space.fields());
  countOf(shape);
  return { shape, type: readType(type.fields()) };
}

/** Whatever goes wrong is said of the file: reading past the end of a structure is a `RangeError`. */
async function typed<T>(bytes: Hdf5Bytes, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WeightsError || !(error instanceof RangeError)) throw error;
    throw damaged(bytes.where, `its structure is broken: ${error.message}`, error);
  }
}
