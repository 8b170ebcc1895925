/** Reads of a remote file, put together from what is in memory, what is kept from before, and what is asked for now. */
import type { Connection } from "./download.ts";
import { type Kept, noRoom, PART_BYTES } from "./kept.ts";
import type { RemoteFile } from "./remote-file.ts";
import { type ByteSource, checkRange, roomFor } from "./source.ts";
import type { TransferCounter } from "./transfer.ts";
import type { Transport } from "./transports.ts";

export interface PartSourceParts {
  readonly connection: Connection;
  readonly file: RemoteFile;
  readonly transport: Transport;
  /** The file's beginning, as far as it is there. */
  readonly first: Uint8Array<ArrayBuffer>;
  readonly kept: Kept | undefined;
  readonly counter: TransferCounter;
  readonly remark: ((remark: string) => void) | undefined;
}

interface Window {
  readonly begin: number;
  readonly bytes: Uint8Array;
}

/** Requests begin and end at multiples of this, so that neighbours share them. */
const STEP_BYTES = 1 << 14;
/** Small reads ask for more than they need, once that is little against what has come already. */
const READ_AHEAD = { share: 8, most: PART_BYTES } as const;
/** Parts in memory: the file's beginning, its end, and where it was read last. */
const WINDOWS = 4;

export function partSource(parts: PartSourceParts): ByteSource {
  const { connection, file, transport } = parts;
  const { name } = connection;
  const { size } = file;
  const windows: Window[] = [];
  let { kept } = parts;
  let transferred = parts.first.length;
  let last: Promise<unknown> = Promise.resolve();

  const remember = (begin: number, bytes: Uint8Array): void => {
    if (bytes.length === 0) return;
    windows.unshift({ begin, bytes });
    windows.splice(WINDOWS);
  };
  const keep = async (begin: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
    try {
      await kept?.write(begin, bytes);
    } catch (error) {
      kept = undefined;
      parts.remark?.(noRoom(name, error));
    }
  };
  const atHand = (at: number): Uint8Array | undefined => {
    const found = windows.find(({ begin, bytes }) => at >= begin && at < begin + bytes.length);
    return found?.bytes.subarray(at - found.begin) ?? transport.passed?.(at);
  };

  /** Asks for a part of the file, and gives to `take` what comes. */
  async function fetchPart(begin: number, end: number, take: (at: number, bytes: Uint8Array) => void) {
    parts.counter.ask(end - begin);
    let at = begin;
    let part = new Uint8Array(0);
    let filled = 0;
    for await (const bytes of transport.bytes(begin, end)) {
      for (let used = 0; used < bytes.length; ) {
        if (filled === part.length) {
          part = new Uint8Array(Math.min(end - at, PART_BYTES - (at % PART_BYTES)));
          filled = 0;
        }
        const some = bytes.subarray(used, used + part.length - filled);
        part.set(some, filled);
        filled += some.length;
        used += some.length;
        at += some.length;
        if (filled < part.length) continue;
        take(at - filled, part);
        await keep(at - filled, part);
      }
    }
    transferred += end - begin;
  }

  async function fill(result: Uint8Array, begin: number, end: number): Promise<void> {
    const large = end - begin > PART_BYTES;
    const put = (at: number, bytes: Uint8Array): number => {
      const useful = bytes.subarray(Math.max(0, begin - at), Math.max(0, end - at));
      if (useful.length > 0) result.set(useful, Math.max(at, begin) - begin);
      return Math.min(end, at + bytes.length);
    };
    for (let at = begin; at < end; ) {
      const here = atHand(at);
      if (here !== undefined) {
        at = put(at, here.subarray(0, end - at));
        continue;
      }
      const part = kept?.at(at);
      if (part !== undefined) {
        const bytes = await kept?.read(part);
        if (bytes === undefined) continue;
        if (!large) remember(part.begin, bytes);
        at = put(part.begin, bytes);
        continue;
      }
      const [from, to] = asked(at, end);
      await fetchPart(from, to, (start, bytes) => {
        put(start, bytes);
        if (!large) remember(start, bytes);
        else {
          // Copies: of a part that a tensor fills, only its edge is of use to others.
          remember(start, bytes.slice(0, Math.max(0, begin - start)));
          remember(Math.max(start, end), bytes.slice(Math.max(0, end - start)));
        }
      });
      at = Math.min(end, to);
    }
  }

  /** What is asked for to have `at`, and the rest until `end` as far as it is not kept. */
  function asked(at: number, end: number): readonly [begin: number, end: number] {
    const limit = kept?.next(at, size) ?? size;
    if (!file.ranges) return [at, Math.min(end, limit)];
    const ahead = Math.min(READ_AHEAD.most, Math.max(STEP_BYTES, transferred / READ_AHEAD.share));
    const begin = at - (at % STEP_BYTES);
    const wanted =
      Math.max(Math.ceil(end / STEP_BYTES), Math.ceil((begin + ahead) / STEP_BYTES)) * STEP_BYTES;
    return [begin, Math.min(wanted, limit)];
  }

  remember(0, parts.first);
  if (parts.first.length > 0 && kept !== undefined && kept.at(0) === undefined) last = keep(0, parts.first);
  return {
    name,
    size,
    expect: (bytes) => parts.counter.plan(bytes),
    async read(begin, end) {
      checkRange(name, size, begin, end);
      const result = roomFor(name, end - begin);
      parts.counter.read(end - begin);
      // One read at a time. An earlier read reports its own failure.
      const work = last.catch(() => undefined).then(() => fill(result, begin, end));
      last = work;
      await work;
      return result;
    },
    close: () => transport.close(),
  };
}
