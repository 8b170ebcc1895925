/**
 * A checkpoint behind a URL. If the server takes ranges, only the bytes that are read are transferred. If it answers with
 * the whole file, the transfer stops after the last byte that is read.
 */
import { InputError, shown, WeightsError } from "../errors.ts";
import { type Connection, type Download, InterruptedError, startDownload } from "./download.ts";
import { type ByteSource, checkRange } from "./source.ts";

export interface UrlOptions {
  readonly fetch?: typeof fetch;
  /** Aborts whatever is being read; reads then fail with its reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds without a byte after which a download is given up; 30,000 if not said. */
  readonly stallMs?: number;
}

/** The first request: room for any VGG's header. */
const FIRST_BYTES = 1 << 16;
/** Later requests fetch more than is read, each twice as much as the one before, so that small tensors share them. */
const READ_AHEAD_BYTES = { first: 1 << 20, most: 1 << 23 } as const;

/**
 * Asks for the file's beginning, and so learns its size and whether ranges are served.
 * @throws WeightsError for an unreachable server, an error status, an HTML page, an empty file or a stall; InputError
 *   for arguments that are none.
 */
export async function urlSource(url: string, options: UrlOptions = {}): Promise<ByteSource> {
  if (typeof url !== "string") throw new InputError(`urlSource: expected an address, got ${shown(url)}`);
  expectOptions(options);
  const connection: Connection = {
    url,
    name: url.replace(/[?#].*$/s, "").slice(0, 300),
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    signal: options.signal,
    stallMs: options.stallMs ?? 30_000,
  };
  const first = await startDownload(connection, [0, FIRST_BYTES - 1]);
  if (first.status === 200) return streamSource(connection, first);
  const range = contentRange(first);
  if (range === undefined) {
    // A server of another origin may hide Content-Range. Then only the whole file tells its size.
    first.cancel();
    return streamSource(connection, await startDownload(connection));
  }
  if (range.begin !== 0) throw wrongRange(connection, first, 0);
  const bytes = await collect(connection, first, 0, Math.min(range.end, range.size, FIRST_BYTES));
  return rangeSource(connection, range.size, first.headers, { begin: 0, bytes });
}

function expectOptions(options: UrlOptions): void {
  if (typeof options !== "object" || options === null) {
    throw new InputError(`urlSource: expected an object of options, got ${shown(options)}`);
  }
  const { stallMs = 1 } = options;
  if (stallMs > 0) return;
  throw new InputError(`urlSource: stallMs expects a number of milliseconds above 0, got ${shown(stallMs)}`);
}

interface ByteWindow {
  readonly begin: number;
  readonly bytes: Uint8Array;
}

/** Each read is a request, except within the window that was read ahead last. */
function rangeSource(
  connection: Connection,
  size: number,
  original: Headers,
  firstWindow: ByteWindow,
): ByteSource {
  const { name } = connection;
  let window = firstWindow;
  let ahead: number = READ_AHEAD_BYTES.first;
  return {
    name,
    size,
    async read(begin, end) {
      checkRange(name, size, begin, end);
      if (begin === end) return new Uint8Array();
      const inside = begin >= window.begin && end <= window.begin + window.bytes.length;
      if (!inside) {
        const readEnd = Math.min(size, Math.max(end, begin + ahead));
        ahead = Math.min(2 * ahead, READ_AHEAD_BYTES.most);
        const bytes = await readRange(connection, size, original, begin, readEnd);
        // Only what small tensors share is kept.
        if (readEnd > end) window = { begin, bytes };
        return readEnd > end ? bytes.slice(0, end - begin) : bytes;
      }
      return new Uint8Array(window.bytes.subarray(begin - window.begin, end - window.begin));
    },
  };
}

/** Tries once more where a connection breaks off. */
async function readRange(
  connection: Connection,
  size: number,
  original: Headers,
  begin: number,
  end: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const attempt = async (): Promise<Uint8Array<ArrayBuffer>> => {
    const download = await startDownload(connection, [begin, end - 1]);
    try {
      checkUnchanged(connection, original, download.headers);
      const whole = download.status === 200;
      const range = whole ? undefined : contentRange(download);
      if (range !== undefined && range.size !== size)
        throw changed(connection, `${size} bytes`, `${range.size}`);
      if (!whole && range?.begin !== begin) throw wrongRange(connection, download, begin);
      return await collect(connection, download, whole ? begin : 0, end - begin);
    } finally {
      download.cancel();
    }
  };
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof InterruptedError) return attempt();
    throw error;
  }
}

/** Skips `skip` bytes and returns the `length` after them. */
async function collect(
  { name }: Connection,
  download: Download,
  skip: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = allocate(name, length);
  let at = -skip;
  while (at < length) {
    const chunk = await download.next();
    if (chunk === undefined) {
      throw new InterruptedError(`${name}: expected ${length + skip} bytes, the server sent ${at + skip}`, {
        remedy: "download again",
      });
    }
    const useful = chunk.subarray(Math.max(0, -at), Math.max(0, length - at));
    bytes.set(useful, Math.max(0, at));
    at += chunk.length;
  }
  return bytes;
}

/** The file claims this length, which may be more than any machine has. */
function allocate(name: string, length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new WeightsError(`${name}: a piece of ${length} bytes does not fit into memory`, { cause });
  }
}

/** Keeps the bytes that have come, and takes more only when a read needs them. */
async function streamSource(connection: Connection, download: Download): Promise<ByteSource> {
  const { name } = connection;
  const received = new Received();
  const announced = announcedSize(download);
  let last: Promise<void> = Promise.resolve();
  const pull = async (end: number): Promise<void> => {
    while (received.length < end) {
      const chunk = await download.next();
      if (chunk !== undefined) received.add(chunk);
      else if (announced === undefined) return;
      else {
        throw new WeightsError(`${name}: expected ${announced} bytes, the server sent ${received.length}`, {
          remedy: "the download was cut short; try again",
        });
      }
    }
  };
  if (announced === undefined) await pull(Infinity);
  const size = announced ?? received.length;
  return {
    name,
    size,
    async read(begin, end) {
      checkRange(name, size, begin, end);
      // One read at a time. An earlier read reports its own failure.
      last = last.catch(() => undefined).then(() => pull(end));
      await last;
      return received.slice(begin, end);
    },
    close: () => download.cancel(),
  };
}

/** Bytes in the order they came, in the pieces they came in. */
class Received {
  length = 0;
  readonly #chunks: { readonly begin: number; readonly bytes: Uint8Array }[] = [];

  add(bytes: Uint8Array): void {
    this.#chunks.push({ begin: this.length, bytes });
    this.length += bytes.length;
  }

  slice(begin: number, end: number): Uint8Array<ArrayBuffer> {
    const result = new Uint8Array(end - begin);
    for (const chunk of this.#chunks) {
      const from = Math.max(0, begin - chunk.begin);
      const to = Math.min(chunk.bytes.length, end - chunk.begin);
      if (from < to) result.set(chunk.bytes.subarray(from, to), chunk.begin + from - begin);
    }
    return result;
  }
}

/** Content-Length is the file's size only where the body is not compressed on the way. */
function announcedSize({ headers }: Download): number | undefined {
  const encoding = headers.get("content-encoding") ?? "identity";
  const text = headers.get("content-length") ?? "";
  const size = Number(text);
  return encoding === "identity" && /^\d+$/.test(text) && Number.isSafeInteger(size) ? size : undefined;
}

interface ContentRange {
  readonly begin: number;
  /** Exclusive, unlike in the header. */
  readonly end: number;
  /** Of the whole file. */
  readonly size: number;
}

function contentRange({ headers }: Download): ContentRange | undefined {
  const [, first, last, size] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(headers.get("content-range") ?? "") ?? [];
  if (first === undefined) return undefined;
  return { begin: Number(first), end: Number(last) + 1, size: Number(size) };
}

/** ETag or date of the first answer, where both answers show one. */
function checkUnchanged(connection: Connection, original: Headers, now: Headers): void {
  for (const header of ["etag", "last-modified"]) {
    const before = original.get(header);
    const after = now.get(header);
    if (before !== null && after !== null && before !== after) throw changed(connection, before, after);
  }
}

function changed({ name }: Connection, before: string, after: string): WeightsError {
  return new WeightsError(`${name}: the file changed while it was read: expected ${before}, got ${after}`, {
    remedy: "load it again from the beginning",
  });
}

function wrongRange({ name }: Connection, { headers }: Download, begin: number): WeightsError {
  const got = headers.get("content-range") ?? "no Content-Range";
  return new WeightsError(`${name}: bytes from ${begin} were asked for, the server sent ${got}`, {
    remedy: "the server handles ranges wrongly; download the file and open it from disk",
  });
}
