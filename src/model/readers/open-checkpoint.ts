/** Chooses a file's reader by its first bytes, and says of any other file what it is. */
import { WeightsError } from "../../errors.ts";
import { type Beside, nothingBeside } from "../beside.ts";
import type { Checkpoint } from "../checkpoint.ts";
import type { ByteSource } from "../source.ts";
import { HEAD_BYTES, jsonFormats, plainFormats, weightsEndings, zipFormats } from "./registry.ts";
import { shardOf } from "./shard-name.ts";

/**
 * Reads what the file lists; numbers when they are asked for. Nothing in the file is executed.
 * @throws WeightsError for a file that is damaged or of another kind, naming what it is
 */
export async function openCheckpoint(
  source: ByteSource,
  beside: Beside = nothingBeside,
): Promise<Checkpoint> {
  if (shardOf(source.name) !== undefined) {
    return (await import("./shards.ts")).openShard(source, beside, openFile);
  }
  return openFile(source, beside);
}

async function openFile(source: ByteSource, beside: Beside = nothingBeside): Promise<Checkpoint> {
  const head = await source.read(0, Math.min(HEAD_BYTES, source.size));
  if (/^(\xef\xbb\xbf)?\s*\{\s*"[ -~]/.test(String.fromCharCode(...head)))
    return openJson(source, head, beside);
  const plain = plainFormats.find(({ begins }) => begins(head));
  if (plain) return (await plain.load()).open(source, beside);
  if (/^PK(\x03\x04|\x05\x06)/.test(String.fromCharCode(...head.subarray(0, 4)))) return openZip(source);
  throw otherKind(source, head);
}

async function openZip(source: ByteSource): Promise<Checkpoint> {
  const { readZip } = await import("./zip.ts");
  const zip = await readZip(source);
  const names = [...zip.members.keys()];
  const format = zipFormats.find(({ holds }) => names.some(holds));
  if (format) return (await format.load()).open(source, zip);
  const some = names.slice(0, 3).join(", ").slice(0, 200) || "nothing";
  throw new WeightsError(`${source.name}: expected weights, got a zip archive of other files (${some})`, {
    remedy: "unpack it, and choose the file that holds the network's weights",
  });
}

async function openJson(source: ByteSource, head: Uint8Array, beside: Beside): Promise<Checkpoint> {
  const { readJson } = await import("./json.ts");
  const json = await readJson(source);
  const format = jsonFormats.find(({ holds }) => holds(json));
  if (format === undefined) throw otherKind(source, head);
  return (await format.load()).open(source, json, beside, openFile);
}

interface Kind {
  readonly begins: RegExp;
  readonly what: string;
  readonly remedy: string;
}

const OTHER_NETWORK = "choose the file that holds the network's weights";

/** Files that people give instead, by their first bytes read as Latin-1. */
const KINDS: readonly Kind[] = [
  {
    begins: /^\s*<(!d|ht|\?x|he|!-)/i,
    what: "an HTML page",
    remedy: "check the address: the server answered with a page",
  },
  { begins: /^version https?:/, what: "a Git LFS pointer", remedy: "fetch the file itself: git lfs pull" },
  { begins: /^\x1f\x8b/, what: "a gzip archive", remedy: "unpack it" },
  { begins: /^(\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP)/s, what: "an image", remedy: OTHER_NETWORK },
  { begins: /^%PDF/, what: "a PDF", remedy: OTHER_NETWORK },
  { begins: /^\s*[[{]/, what: "JSON", remedy: OTHER_NETWORK },
];

function otherKind(source: ByteSource, head: Uint8Array): WeightsError {
  const expected = `${source.name}: expected weights (${weightsEndings.join(", ")})`;
  if (source.size === 0) {
    return new WeightsError(`${expected}, got an empty file`, { remedy: "download or save it again" });
  }
  const text = String.fromCharCode(...head);
  const kind = KINDS.find(({ begins }) => begins.test(text));
  if (kind) return new WeightsError(`${expected}, got ${kind.what}`, { remedy: kind.remedy });
  const bytes = Array.from(head.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return new WeightsError(`${expected}, got a file of another kind (it begins ${bytes})`, {
    remedy: "the file is damaged or is of no kind that opens here; download or convert it again",
  });
}
