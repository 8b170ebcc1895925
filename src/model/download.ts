/** One HTTP download. A server that is silent, refuses or breaks off is a typed error. */
import { WeightsError } from "../errors.ts";

export interface Connection {
  readonly url: string;
  /** For messages: the URL without its query, which may hold a signature. */
  readonly name: string;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds without a byte after which the download is given up. */
  readonly stallMs: number;
  /** Milliseconds before the first of several tries; each waits twice as long as the one before. */
  readonly retryMs: number;
  /** Told of every byte that came. */
  readonly onBytes?: (count: number) => void;
}

/** A response whose body has not been read yet. */
export interface Download {
  readonly status: number;
  readonly headers: Headers;
  /** The next bytes; undefined at the end. @throws WeightsError on a stall or a broken connection. */
  next(): Promise<Uint8Array | undefined>;
  /** Closes the connection. The rest of the body is not transferred. */
  cancel(): void;
}

/** Trying the same request again may help. */
export class InterruptedError extends WeightsError {
  /** Milliseconds that the server asks to wait, if it does. */
  readonly afterMs: number | undefined;

  constructor(
    message: string,
    options: { readonly remedy?: string; readonly cause?: unknown; readonly afterMs?: number } = {},
  ) {
    super(message, options);
    this.afterMs = options.afterMs;
  }
}

/** The server is there and cannot answer now. */
export class BusyError extends InterruptedError {}

/** Hugging Face says so why it refuses: RepoNotFound, GatedRepo, RevisionNotFound, EntryNotFound. */
const REASON_HEADER = "x-error-code";

/** The server has no such file. */
export class MissingFileError extends WeightsError {
  /** The server's own word for why, where it has one. */
  readonly reason: string;

  constructor(message: string, reason = "", options: { readonly remedy?: string } = {}) {
    super(message, options);
    this.reason = reason;
  }
}

/** The server does not give it to everybody. */
export class RefusedError extends WeightsError {
  readonly reason: string;

  constructor(where: string, status: number, reason: string) {
    super(
      `${where}: the server ${status === 401 ? "asks for an account" : "does not allow it"} (${status})`,
      {
        remedy: "check the address; if you have an account there, download the file and open it",
      },
    );
    this.reason = reason;
  }
}

/** Browsers do not tell pages why; Node does, by a code. */
function unreachable(failure: unknown): string {
  const { code } = ((failure as { readonly cause?: unknown }).cause ?? {}) as { readonly code?: unknown };
  return typeof code === "string"
    ? `check the address and the connection (${code})`
    : "check the address and the connection; a server elsewhere must allow this page (CORS)";
}

/** What of a file is asked for. */
export interface Asked {
  /** First and last byte (inclusive), as HTTP counts; absent for the whole file. */
  readonly range?: readonly [first: number, last: number];
  /** Sends the range only if the file is still this one, and the whole one otherwise (RFC 9110, 13.1.5). */
  readonly ifRange?: string | undefined;
  readonly method?: "GET" | "HEAD";
}

/**
 * @throws WeightsError for an error status or an HTML page; InterruptedError where trying again may help; the signal's
 *   reason where it aborts.
 */
export async function startDownload(connection: Connection, asked: Asked = {}): Promise<Download> {
  const { range, ifRange, method = "GET" } = asked;
  const { name } = connection;
  const stop = new AbortController();
  const signal =
    connection.signal === undefined ? stop.signal : AbortSignal.any([connection.signal, stop.signal]);
  const patiently = <T>(work: Promise<T>): Promise<T> => withPatience(connection, work, () => stop.abort());
  // A single range `bytes=a-b` is the one form that needs no CORS preflight (Fetch standard, 2.2.2).
  const headers: Record<string, string> = {
    ...(range && { Range: `bytes=${range[0]}-${range[1]}` }),
    ...(ifRange !== undefined && { "If-Range": ifRange }),
  };
  const answer = async () => connection.fetch(connection.url, { method, headers, signal });
  const response = await patiently(answer());
  try {
    checkResponse(name, response);
  } catch (error) {
    stop.abort();
    throw error;
  }
  const reader = response.body?.getReader();
  return {
    status: response.status,
    headers: response.headers,
    async next() {
      if (reader === undefined) return undefined;
      const { done, value } = await patiently(reader.read());
      if (done) return undefined;
      connection.onBytes?.(value.length);
      return value;
    },
    cancel() {
      reader?.cancel().catch(() => undefined);
      stop.abort();
    },
  };
}

/** Too many requests, and what servers and those before them say when they are overloaded. */
const BUSY: readonly number[] = [429, 502, 503, 504];

/** `Retry-After`: seconds, or a date (RFC 9110, 10.2.3). */
function retryAfter(headers: Headers): number | undefined {
  const text = headers.get("retry-after")?.trim();
  if (text === undefined || text === "") return undefined;
  const ms = /^\d{1,9}$/.test(text) ? 1000 * Number(text) : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function checkResponse(name: string, { status, statusText, headers }: Response): void {
  if (status === 416) throw new WeightsError(`${name}: expected a file of weights, got an empty one`);
  const reason = headers.get(REASON_HEADER) ?? "";
  if (status === 401 || status === 403) throw new RefusedError(name, status, reason);
  if (BUSY.includes(status)) {
    const afterMs = retryAfter(headers);
    throw new BusyError(`${name}: the server answered ${status} ${statusText}`.trim(), {
      remedy: "try again later",
      ...(afterMs !== undefined && { afterMs }),
    });
  }
  if (status !== 200 && status !== 206) {
    const message = `${name}: the server answered ${status} ${statusText}`.trim();
    const remedy = status >= 500 ? "try again later" : "check the address";
    if (status === 404 || status === 410) throw new MissingFileError(message, reason, { remedy });
    throw new WeightsError(message, { remedy });
  }
  if (/^\s*(text\/html|application\/xhtml)/i.test(headers.get("content-type") ?? "")) {
    throw new WeightsError(`${name}: expected a file of weights, got an HTML page`, {
      remedy: "check the address: the server answered with a page",
    });
  }
}

/** Waits for `work`, but not for a server that has gone silent. */
async function withPatience<T>(connection: Connection, work: Promise<T>, giveUp: () => void): Promise<T> {
  const { name, signal, stallMs } = connection;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new WeightsError(`${name}: the download stalled, ${stallMs / 1000} s without a byte`, {
          remedy: "check the connection and try again",
        }),
      );
      giveUp();
    }, stallMs);
  });
  try {
    return await Promise.race([work, stalled]);
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof WeightsError) throw cause;
    throw new InterruptedError(`${name}: the download failed`, { cause, remedy: unreachable(cause) });
  } finally {
    clearTimeout(timer);
  }
}
