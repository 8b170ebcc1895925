/**
 * Weights that were saved in several files, as Hugging Face's libraries do: `model-00001-of-00003.safetensors` and so on,
 * and `model.safetensors.index.json`, which says which tensor is in which. One opens the index, or any of the shards.
 */
import { shown, WeightsError } from "../../errors.ts";
import { type Beside, requireBeside } from "../beside.ts";
import { type Checkpoint, type CheckpointTensor, missing } from "../checkpoint.ts";
import { isObject, type Json, property } from "../keras/config.ts";
import type { ByteSource } from "../source.ts";
import { readJson } from "./json.ts";
import { type Shard, shardOf } from "./shard-name.ts";

/** Reads one file, whatever kind it is of. */
export type OpenFile = (source: ByteSource) => Promise<Checkpoint>;

const MAX_SHARDS = 1000;

/** Of an index. @throws WeightsError */
export async function open(
  source: ByteSource,
  json: Json,
  beside: Beside,
  openFile: OpenFile,
): Promise<Checkpoint> {
  const map = property(json, "weight_map");
  const places = isObject(map) ? Object.entries(map) : [];
  const names = new Set<string>();
  for (const [tensor, file] of places) {
    if (typeof file !== "string") {
      throw new WeightsError(`${source.name}: weight_map expects the file of tensor ${shown(tensor)}`, {
        remedy: "the index is damaged; download it again",
      });
    }
    names.add(file);
  }
  const opened = await openShards(source, [...names].sort(), beside, openFile);
  for (const [tensor, file] of places) {
    if (opened.places.get(tensor)?.file === file) continue;
    opened.close();
    throw new WeightsError(`${source.name}: tensor ${shown(tensor)} is missing in ${shown(file)}`, {
      remedy: "index and shards are of different checkpoints; download all of them again",
    });
  }
  const listed = property(json, "metadata");
  const texts = Object.entries(isObject(listed) ? listed : {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return merged(source, opened, new Set(places.map(([tensor]) => tensor)), Object.fromEntries(texts));
}

/** Of one shard: by its index, or where that is missing, with all others. @throws WeightsError */
export async function openShard(source: ByteSource, beside: Beside, openFile: OpenFile): Promise<Checkpoint> {
  const { stem, ending, count } = shardOf(source.name) as Shard;
  source.close?.();
  const index = await beside(`${stem}${ending}.index.json`);
  if (index !== undefined) return open(index, await readJson(index), beside, openFile);
  if (count > MAX_SHARDS) throw tooMany(source.name, count);
  const number = (n: number): string => String(n).padStart(5, "0");
  const names = Array.from(
    { length: count },
    (_, i) => `${stem}-${number(i + 1)}-of-${number(count)}${ending}`,
  );
  const opened = await openShards(source, names, beside, openFile);
  return merged(source, opened, undefined, {});
}

interface Place extends CheckpointTensor {
  readonly file: string;
  readonly shard: Checkpoint;
}

interface OpenedShards {
  readonly all: readonly Checkpoint[];
  readonly places: ReadonlyMap<string, Place>;
  close(): void;
}

async function openShards(
  { name: where }: ByteSource,
  names: readonly string[],
  beside: Beside,
  openFile: OpenFile,
): Promise<OpenedShards> {
  if (names.length > MAX_SHARDS) throw tooMany(where, names.length);
  const all: Checkpoint[] = [];
  const places = new Map<string, Place>();
  const close = (): void => {
    for (const shard of all) shard.close?.();
  };
  try {
    for (const file of names) {
      const shard = await openFile(await requireBeside(where, beside, file));
      all.push(shard);
      for (const [tensor, { shape, type }] of shard.tensors) places.set(tensor, { shape, type, file, shard });
    }
  } catch (error) {
    close();
    throw error;
  }
  return { all, places, close };
}

function tooMany(where: string, count: number): WeightsError {
  return new WeightsError(`${where}: ${count} shards, more than the ${MAX_SHARDS} allowed`, {
    remedy: "choose a smaller network",
  });
}

/** @param wanted tensors that the index lists; all where it is missing */
function merged(
  { name }: ByteSource,
  { all, places, close }: OpenedShards,
  wanted: ReadonlySet<string> | undefined,
  metadata: Readonly<Record<string, string>>,
): Checkpoint {
  const own = new Map([...places].filter(([tensor]) => wanted?.has(tensor) ?? true));
  return {
    name,
    format: all[0]?.format ?? "safetensors",
    tensors: own,
    metadata: { ...Object.fromEntries(all.flatMap((shard) => Object.entries(shard.metadata))), ...metadata },
    async read(tensor) {
      const place = own.get(tensor);
      if (place === undefined) throw missing(name, tensor);
      return place.shard.read(tensor);
    },
    close,
  };
}
