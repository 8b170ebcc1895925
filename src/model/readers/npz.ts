/** NumPy's archives of arrays (numpy.lib.format, versions 1 to 3): a zip of .npy files, stored or deflated. */
import { shown, WeightsError } from "../../errors.ts";
import { type Checkpoint, type CheckpointTensor, isReadableType, unreadable } from "../checkpoint.ts";
import { toFloat32 } from "../numbers.ts";
import { elementCount, formatShape } from "../safetensors.ts";
import type { ByteSource } from "../source.ts";
import { numpyType, swapBytes } from "./numpy-type.ts";
import { columnStrides, gather } from "./strided.ts";
import type { Zip, ZipMember } from "./zip.ts";

interface Entry extends CheckpointTensor {
  readonly member: ZipMember;
  /** Where its numbers begin in the member. */
  readonly begin: number;
  readonly bytesPerNumber: number;
  readonly bigEndian: boolean;
  readonly columns: boolean;
}

/** Longer headers describe records, which are no weights. */
const HEADER_BYTES = 4096;
const MAX_ARRAYS = 16384;

/** @throws WeightsError */
export async function open(source: ByteSource, zip: Zip): Promise<Checkpoint> {
  const tensors = new Map<string, Entry>();
  const members = [...zip.members.values()].filter(({ name }) => name.endsWith(".npy"));
  if (members.length > MAX_ARRAYS) throw damaged(source, `it has ${members.length} arrays`);
  const isChainer = members.some(({ name }) => CHAINER.test(name));
  for (const member of members) {
    const name = member.name.slice(0, -4).replaceAll("/", ".");
    tensors.set(isChainer ? likePyTorch(name) : name, await readEntry(source, zip, member));
  }
  return {
    name: source.name,
    format: "NumPy",
    tensors,
    metadata: {},
    ...(isChainer ? { convention: { framework: "Chainer", epsilon: 2e-5, flatten: "chw" } } : {}),
    async read(name) {
      const entry = tensors.get(name);
      if (entry === undefined) throw damaged(source, `array ${shown(name)} is missing`);
      const { type, shape, member, begin, columns, bytesPerNumber, bigEndian } = entry;
      if (!isReadableType(type)) throw unreadable(source.name, name, type);
      const bytes = await zip.read(member, begin, begin + elementCount(shape) * bytesPerNumber);
      if (bigEndian) swapBytes(bytes, bytesPerNumber);
      const numbers = toFloat32(`${source.name}: tensor ${JSON.stringify(name)}`, bytes, type);
      return columns ? gather(numbers, { shape, strides: columnStrides(shape), offset: 0 }) : numbers;
    },
    close: () => source.close?.(),
  };
}

/** Chainer's links have weights `conv1/W` and `conv1/b`; it turns them into no other order than PyTorch's. */
const CHAINER = /(^|\/)W\.npy$/;

const PARTS: readonly (readonly [chainer: RegExp, pytorch: string])[] = [
  [/(^|\.)(W|gamma)$/, "$1weight"],
  [/(^|\.)(b|beta)$/, "$1bias"],
  [/(^|\.)avg_mean$/, "$1running_mean"],
  [/(^|\.)avg_var$/, "$1running_var"],
];

function likePyTorch(name: string): string {
  const part = PARTS.find(([chainer]) => chainer.test(name));
  return part === undefined ? name : name.replace(...part);
}

async function readEntry(source: ByteSource, zip: Zip, member: ZipMember): Promise<Entry> {
  const head = await zip.read(member, 0, Math.min(HEADER_BYTES, member.size));
  const header = /^\x93NUMPY([\x01-\x03])/.exec(String.fromCharCode(...head.subarray(0, 7)));
  if (header === null || head.length < 12) throw damaged(source, `${shown(member.name)} is no .npy file`);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const first = header[1] === "\x01";
  const text = first ? 10 : 12;
  const begin = text + (first ? view.getUint16(8, true) : view.getUint32(8, true));
  const words = new TextDecoder().decode(head.subarray(text, begin));
  const [, descr] = /'descr': *'([^']*)'/.exec(words) ?? [];
  const [, order] = /'fortran_order': *(True|False)/.exec(words) ?? [];
  const [, sizes] = /'shape': *\(([\d, ]*)\)/.exec(words) ?? [];
  if (begin > head.length || sizes === undefined || order === undefined) {
    return { ...notNumbers(member), shape: [] };
  }
  const shape = sizes.split(",").flatMap((n) => (n.trim() === "" ? [] : [Number(n)]));
  const number = descr === undefined ? undefined : numpyType(descr);
  if (number === undefined) return { ...notNumbers(member), shape };
  const bytes = elementCount(shape) * number.bytes;
  if (!Number.isSafeInteger(bytes) || begin + bytes !== member.size) {
    const got = member.size - begin;
    throw damaged(
      source,
      `${shown(member.name)} of shape ${formatShape(shape)} expects ${bytes} bytes, got ${got}`,
    );
  }
  const { type, bytes: bytesPerNumber, bigEndian } = number;
  return { type, shape, member, begin, bytesPerNumber, bigEndian, columns: order === "True" };
}

/** Texts, objects and records are listed, and cannot be read. */
function notNumbers(member: ZipMember): Omit<Entry, "shape"> {
  return { type: "objects", member, begin: 0, bytesPerNumber: 1, bigEndian: false, columns: false };
}

function damaged({ name }: ByteSource, what: string): WeightsError {
  return new WeightsError(`${name}: the .npz archive is damaged: ${what}`, {
    remedy: "download or save it again",
  });
}
