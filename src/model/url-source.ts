/**
 * A checkpoint behind a URL. If the server takes ranges, only the bytes that are read are transferred. If it answers with
 * the whole file, the transfer stops after the last byte that is read. What was read can be kept for the next time.
 */
import { InputError, shown, WeightsError } from "../errors.ts";
import {
  BusyError,
  type Connection,
  type Download,
  InterruptedError,
  MissingFileError,
  startDownload,
} from "./download.ts";
import { type Kept, type KeptStorage, lastKept, noRoom, notKept, openKept } from "./kept.ts";
import { partSource } from "./part-source.ts";
import { patience } from "./persist.ts";
import { announcedSize, contentRange, type RemoteFile, versionOf, wrongRange } from "./remote-file.ts";
import { endByHeader } from "./safetensors.ts";
import { type ByteSource, bytesSource } from "./source.ts";
import { type Transfer, type TransferCounter, transferCounter } from "./transfer.ts";
import { rangeTransport, streamTransport, type Transport } from "./transports.ts";

export interface UrlOptions {
  readonly fetch?: typeof fetch;
  /** Aborts whatever is being read; reads then fail with its reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds without a byte after which a download is given up; 30,000 if not said. */
  readonly stallMs?: number;
  /** Milliseconds before the second try of what broke off; 500 if not said. Later ones wait longer. */
  readonly retryMs?: number;
  readonly onProgress?: (transfer: Transfer) => void;
  /** Counts several files together, in place of `onProgress`. */
  readonly counter?: TransferCounter;
  /** Where parts that were read are kept; nowhere if not said. */
  readonly cache?: KeptStorage;
  /** Asks no server: only what is kept can be read. */
  readonly offline?: boolean;
  /** Told, in a sentence, what does not stop the work: that there is no room in the cache, or no connection. */
  readonly onRemark?: (remark: string) => void;
}

/** The first request: room for any VGG's header. */
const FIRST_BYTES = 1 << 16;

/**
 * Asks for the file's beginning, and so learns its size and whether ranges are served.
 * @throws WeightsError for an unreachable server, an error status, an HTML page, an empty file or a stall; InputError
 *   for arguments that are none.
 */
export async function urlSource(url: string, options: UrlOptions = {}): Promise<ByteSource> {
  if (typeof url !== "string") throw new InputError(`urlSource: expected an address, got ${shown(url)}`);
  expectOptions(options);
  const counter = options.counter ?? transferCounter(options.onProgress);
  const connection: Connection = {
    url,
    name: url.replace(/[?#].*$/s, "").slice(0, 300),
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    signal: options.signal,
    stallMs: options.stallMs ?? 30_000,
    retryMs: options.retryMs ?? 500,
    onBytes: counter.receive,
  };
  if (options.offline) return keptSource(connection, options);
  const { file, transport, first } = await open(connection, counter, await firstBytes(url, options.cache));
  if (transport === undefined) return bytesSource(connection.name, first);
  const kept = await keptOf(connection, options, file);
  return partSource({ connection, file, transport, first, kept, counter, remark: options.onRemark });
}

interface Opened {
  readonly file: RemoteFile;
  /** Undefined where the whole file is there. */
  readonly transport: Transport | undefined;
  /** The file's beginning. */
  readonly first: Uint8Array<ArrayBuffer>;
}

/** Where something is kept, one byte tells whether the file is still the same. */
async function firstBytes(url: string, cache: KeptStorage | undefined): Promise<number> {
  const kept = cache && (await lastKept(cache, url));
  return kept ? 1 : FIRST_BYTES;
}

async function open(connection: Connection, counter: TransferCounter, count: number): Promise<Opened> {
  const asked = { range: [0, count - 1] } as const;
  const answer = await whenFree(connection, () => startDownload(connection, asked));
  if (answer.status === 200) return openStream(connection, answer);
  const range = contentRange(answer);
  // A server of another origin may hide Content-Range, but not Content-Length: the whole file's is in a HEAD.
  const size = range?.size ?? (await sizeByHead(connection));
  if (size === undefined) {
    answer.cancel();
    return openStream(connection, await startDownload(connection));
  }
  if (range !== undefined && range.begin !== 0) throw wrongRange(connection, answer, 0);
  const length = Math.min(range?.end ?? count, size, count);
  counter.ask(length);
  const file: RemoteFile = { size, headers: answer.headers, ranges: true };
  const first = await beginning(answer, length);
  return { file, first, transport: rangeTransport(connection, file) };
}

/** What came of it, which may be less: the rest is asked for when it is read. */
async function beginning(answer: Download, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let at = 0;
  try {
    for (let chunk = await answer.next(); chunk !== undefined && at < length; chunk = await answer.next()) {
      const useful = chunk.subarray(0, length - at);
      bytes.set(useful, at);
      at += useful.length;
      if (at === length) break;
    }
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
  } finally {
    answer.cancel();
  }
  return bytes.subarray(0, at);
}

/** Waits for a server that is busy. One that is not reached is told at once. */
async function whenFree<T>(connection: Connection, ask: () => Promise<T>): Promise<T> {
  const waiting = patience(connection);
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      await waiting.afterFailure(error);
    }
  }
}

async function sizeByHead(connection: Connection): Promise<number | undefined> {
  try {
    const answer = await startDownload(connection, { method: "HEAD" });
    answer.cancel();
    return answer.status === 200 ? announcedSize(answer) : undefined;
  } catch (error) {
    connection.signal?.throwIfAborted();
    if (error instanceof WeightsError) return undefined;
    throw error;
  }
}

async function openStream(connection: Connection, answer: Download): Promise<Opened> {
  const size = announcedSize(answer);
  if (size !== undefined) {
    const file: RemoteFile = { size, headers: answer.headers, ranges: false };
    return { file, first: new Uint8Array(), transport: streamTransport(connection, file, answer) };
  }
  const chunks = await untilEnd(connection.name, answer);
  const first = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
  return {
    file: { size: first.length, headers: answer.headers, ranges: false },
    first,
    transport: undefined,
  };
}

/** As much as is taken of a file of which neither its server nor itself says where it ends. */
const MOST_UNTOLD_BYTES = 2 ** 30;
/** A header is looked for in the first bytes, each time that there are twice as many, up to so many. */
const HEADER_BYTES = 1 << 24;

/** Only its end tells how long it is: a server that sends for ever is left. */
async function untilEnd(name: string, answer: Download): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let look = 9;
  let most: number | undefined;
  for (let chunk = await answer.next(); chunk !== undefined; chunk = await answer.next()) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (most === undefined && bytes >= look && bytes <= HEADER_BYTES) {
      most = endByHeader(joined(chunks, bytes));
      look = 2 * bytes;
    }
    if (bytes <= (most ?? MOST_UNTOLD_BYTES)) continue;
    answer.cancel();
    throw new WeightsError(
      most === undefined
        ? `${name}: its server does not say how long it is, and sends more than 1 GB`
        : `${name}: its header says that it ends after ${most} bytes, and its server sends more`,
      { remedy: "download it, and open the file" },
    );
  }
  return chunks;
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Undefined where nothing is to be kept, or can be: a file whose server does not tell its versions. */
async function keptOf(
  { url, name }: Connection,
  { cache, onRemark }: UrlOptions,
  { size, headers }: RemoteFile,
): Promise<Kept | undefined> {
  const version = versionOf(headers);
  if (cache === undefined || version === undefined) return undefined;
  try {
    return await openKept(cache, url, { name, size, version });
  } catch (error) {
    onRemark?.(noRoom(name, error));
    return undefined;
  }
}

/** What is kept of a file whose server is not asked. */
async function keptSource(connection: Connection, { cache, onRemark }: UrlOptions): Promise<ByteSource> {
  const { url, name } = connection;
  const about = cache && (await lastKept(cache, url));
  if (cache === undefined || about === undefined) {
    throw new MissingFileError(`${name}: not in the cache`, "", { remedy: "open it once with a connection" });
  }
  const kept = await openKept(cache, url, about);
  const file: RemoteFile = { size: about.size, headers: new Headers(), ranges: true };
  const transport: Transport = {
    // biome-ignore lint/correctness/useYield: there is nothing to give.
    async *bytes() {
      throw notKept(name);
    },
    close() {},
  };
  const counter = transferCounter(undefined);
  return partSource({
    connection,
    file,
    transport,
    first: new Uint8Array(),
    kept,
    counter,
    remark: onRemark,
  });
}

function expectOptions(options: UrlOptions): void {
  if (typeof options !== "object" || options === null) {
    throw new InputError(`urlSource: expected an object of options, got ${shown(options)}`);
  }
  for (const key of ["stallMs", "retryMs"] as const) {
    const { [key]: ms = 1 } = options;
    if (ms > 0) continue;
    throw new InputError(`urlSource: ${key} expects a number of milliseconds above 0, got ${shown(ms)}`);
  }
}
