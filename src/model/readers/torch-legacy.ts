/**
 * PyTorch's files before 1.6: five pickles (a number that tells the format, its version, the machine, what was saved, the
 * keys of its storages), then each storage in that order, its length before it. Without that number it is a plain
 * pickle, which may hold NumPy's arrays.
 */
import { shown, WeightsError } from "../../errors.ts";
import type { Checkpoint } from "../checkpoint.ts";
import type { ByteSource } from "../source.ts";
import { type Builder, Dict, type PickleValue, type Unpickled, unpickle } from "./pickle.ts";
import { CutShort } from "./pickle-bytes.ts";
import { torchCheckpoint } from "./torch-checkpoint.ts";
import { type Storage, torchBuilder } from "./torch-values.ts";

/** `torch.serialization.MAGIC_NUMBER`. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const FIRST_BYTES = 1 << 16;

/** @throws WeightsError */
export async function open(source: ByteSource): Promise<Checkpoint> {
  const storages = new Map<string, Storage>();
  const builder = torchBuilder(storages);
  const first = await unpickleAt(source, 0, builder);
  if (first.value !== MAGIC) {
    return torchCheckpoint(
      source,
      first.value,
      () => Promise.reject(damaged(source, "a storage is missing")),
      "pickle",
    );
  }
  const version = await unpickleAt(source, first.length, builder);
  if (version.value !== 1001) throw damaged(source, `expected version 1001, got ${shown(version.value)}`);
  const machine = await unpickleAt(source, version.end, builder);
  if (machine.value instanceof Dict && machine.value.get("little_endian") === false) {
    throw damaged(source, "expected numbers in little-endian order, got big-endian");
  }
  const saved = await unpickleAt(source, machine.end, builder);
  const keys = await unpickleAt(source, saved.end, builder);
  const begins = storageBegins(source, keys.value, storages, keys.end);
  return torchCheckpoint(source, saved.value, async (storage, begin, end) => {
    const at = begins.get(storage.key);
    if (at === undefined) throw damaged(source, `storage ${storage.key} is missing`);
    const header = await source.read(at - 8, at);
    const length = new DataView(header.buffer, header.byteOffset).getBigInt64(0, true);
    if (length !== BigInt(storage.length)) {
      throw damaged(source, `storage ${storage.key} expects ${storage.length} numbers, got ${length}`);
    }
    return source.read(at + begin, at + end);
  });
}

/** Reads more bytes until the pickle ends. */
async function unpickleAt(
  source: ByteSource,
  begin: number,
  builder: Builder,
): Promise<Unpickled & { readonly end: number }> {
  for (let size = FIRST_BYTES; ; size *= 2) {
    const end = Math.min(source.size, begin + size);
    try {
      const unpickled = unpickle(source.name, await source.read(begin, end), builder);
      return { ...unpickled, end: begin + unpickled.length };
    } catch (error) {
      if (!(error instanceof CutShort) || end === source.size) throw error;
    }
  }
}

/** Where the numbers of each storage begin. */
function storageBegins(
  source: ByteSource,
  keys: PickleValue,
  storages: ReadonlyMap<string, Storage>,
  begin: number,
): ReadonlyMap<string, number> {
  const begins = new Map<string, number>();
  let at = begin;
  for (const key of Array.isArray(keys) ? keys : []) {
    const storage =
      typeof key === "string" || typeof key === "number" ? storages.get(String(key)) : undefined;
    if (storage === undefined) throw damaged(source, `storage ${shown(key)} is not described`);
    begins.set(storage.key, at + 8);
    at += 8 + storage.length * storage.type.bytes;
  }
  if (at > source.size) {
    throw new WeightsError(`${source.name}: its storages end at byte ${at}, the file has ${source.size}`, {
      remedy: "it is cut short; download the file again",
    });
  }
  return begins;
}

function damaged(source: ByteSource, what: string): WeightsError {
  return new WeightsError(`${source.name}: the PyTorch file is damaged: ${what}`, {
    remedy: "download or save it again",
  });
}
