/**
 * Parts of files that were downloaded, kept for the next time: the byte ranges that were read, and no others. Each part
 * is an entry of its own, whose name says where it belongs and what its bytes must hash to. So two processes that write at
 * once write the same, and an entry whose bytes are not what they were is found out and dropped.
 */
import { WeightsError } from "../errors.ts";
import { parseBounded } from "./bounded-json.ts";

/** A place for entries with names such as `folder/name`. An entry is there whole or not at all. */
export interface KeptStorage {
  /** Of all entries, or of those in a folder. */
  names(folder?: string): Promise<readonly string[]>;
  read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** @throws where there is no room */
  write(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  remove(name: string): Promise<void>;
}

/** A file of which parts are kept. */
export interface KeptFile {
  /** Of its folder; `deleteKept` takes it. */
  readonly key: string;
  /** Its address without a query, which may hold a signature. */
  readonly name: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** Bytes that are kept. */
  readonly kept: number;
}

/** What is written beside the parts. */
interface About {
  readonly name: string;
  readonly size: number;
  readonly version: string;
}

const ABOUT = "about.json";
/** A name and a server's word for a version are no longer. */
const ABOUT_BYTES = 1 << 16;
/** Parts are no larger, so that checking one takes little memory. */
export const PART_BYTES = 1 << 20;

interface Part {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
  readonly hash: string;
}

/** The parts of one version of one file. */
export interface Kept {
  /** The part that holds this byte. */
  at(byte: number): Part | undefined;
  /** Where the next part begins, or `end`. */
  next(byte: number, end: number): number;
  /** Undefined, and dropped, where its bytes are not what they were. */
  read(part: Part): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** @param bytes at most PART_BYTES @throws where there is no room */
  write(begin: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

export async function openKept(storage: KeptStorage, url: string, about: About): Promise<Kept> {
  const folder = await keyOf(url);
  const version = (await hashOf(new TextEncoder().encode(`${about.version}\n${about.size}`))).slice(0, 16);
  let parts: readonly Part[] = [];
  for (const name of await storage.names(folder)) {
    const part = partOf(name);
    if (part?.version === version) parts = [...parts, part];
    // Of an older version: nobody will ask for it again.
    else if (part !== undefined) await storage.remove(name);
  }
  await storage.write(`${folder}/${ABOUT}`, new TextEncoder().encode(JSON.stringify(about)));
  return {
    at: (byte) => parts.find(({ begin, end }) => byte >= begin && byte < end),
    next: (byte, end) =>
      parts.reduce((next, { begin }) => (begin > byte ? Math.min(next, begin) : next), end),
    async read(part) {
      const bytes = await storage.read(part.name).catch(() => undefined);
      if (bytes?.length === part.end - part.begin && (await hashOf(bytes)) === part.hash) return bytes;
      parts = parts.filter((one) => one !== part);
      await storage.remove(part.name).catch(() => undefined);
      return undefined;
    },
    async write(begin, bytes) {
      const [end, hash] = [begin + bytes.length, await hashOf(bytes)];
      const name = `${folder}/${version}-${begin}-${end}-${hash}`;
      await storage.write(name, bytes);
      parts = [...parts, { name, begin, end, hash }];
    },
  };
}

function partOf(name: string): (Part & { readonly version: string }) | undefined {
  const [, version, begin, end, hash] =
    /\/([0-9a-f]{16})-(\d{1,15})-(\d{1,15})-([0-9a-f]{64})$/.exec(name) ?? [];
  const bytes = Number(end) - Number(begin);
  if (version === undefined || hash === undefined || !(bytes > 0 && bytes <= PART_BYTES)) return undefined;
  return { name, version, begin: Number(begin), end: Number(end), hash };
}

/** The version of a file that was there last, for those who cannot reach its server. */
export async function lastKept(storage: KeptStorage, url: string): Promise<About | undefined> {
  return readAbout(storage, await keyOf(url));
}

/** The files that are kept, the largest part first. */
export async function listKept(storage: KeptStorage): Promise<readonly KeptFile[]> {
  const byKey = new Map<string, number>();
  for (const name of await storage.names()) {
    const key = name.split("/")[0] as string;
    const part = partOf(name);
    byKey.set(key, (byKey.get(key) ?? 0) + (part ? part.end - part.begin : 0));
  }
  const files = [...byKey].map(async ([key, kept]): Promise<KeptFile> => {
    const { name, size } = (await readAbout(storage, key)) ?? { name: "unknown", size: kept };
    return { key, name, size, kept };
  });
  return (await Promise.all(files)).sort((a, b) => b.kept - a.kept);
}

export async function deleteKept(storage: KeptStorage, key: string): Promise<void> {
  for (const name of await storage.names(key)) await storage.remove(name);
}

async function readAbout(storage: KeptStorage, folder: string): Promise<About | undefined> {
  const bytes = await storage.read(`${folder}/${ABOUT}`).catch(() => undefined);
  if (bytes === undefined || bytes.length > ABOUT_BYTES) return undefined;
  try {
    const about = parseBounded(new TextDecoder().decode(bytes)) as Partial<About>;
    const { name, size, version } = about;
    if (typeof name !== "string" || typeof version !== "string") return undefined;
    return Number.isSafeInteger(size) && (size as number) > 0
      ? { name, size: size as number, version }
      : undefined;
  } catch {
    return undefined;
  }
}

async function keyOf(url: string): Promise<string> {
  return (await hashOf(new TextEncoder().encode(url))).slice(0, 32);
}

async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Of a file that was opened without its server: what is not kept cannot be had. */
export function notKept(name: string): WeightsError {
  return new WeightsError(
    `${name}: this part of the file is not in the cache, and its server is not reached`,
    {
      remedy: "check the connection, and try again",
    },
  );
}

export function noRoom(name: string, error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return `${name}: what is downloaded is not kept: the cache takes no more (${why})`;
}
