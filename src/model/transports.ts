/**
 * The two ways in which bytes of a file come: a request for each part, or one long answer that is read as far as it is
 * needed. Both go on where a connection breaks off.
 */
import { type Connection, type Download, InterruptedError, startDownload } from "./download.ts";
import { patience } from "./persist.ts";
import { checkAnswer, type RemoteFile, rangeCondition } from "./remote-file.ts";

export interface Transport {
  /** Bytes begin to end, in pieces as they come. One at a time. */
  bytes(begin: number, end: number): AsyncGenerator<Uint8Array, void>;
  /** Bytes that came without being asked for, if any of these were. */
  passed?(at: number): Uint8Array | undefined;
  close(): void;
}

/** Failures are counted anew after this many bytes: a server that sends a few each time is no good. */
const PROGRESS_BYTES = 1 << 16;

export function rangeTransport(connection: Connection, file: RemoteFile): Transport {
  // In a page, If-Range makes the browser ask a foreign server for leave first, which few of them give.
  let conditional = true;
  async function* bytes(begin: number, end: number): AsyncGenerator<Uint8Array, void> {
    const waiting = patience(connection);
    let at = begin;
    let counted = begin;
    while (at < end) {
      let download: Download | undefined;
      const ifRange = conditional && at > begin ? rangeCondition(file.headers) : undefined;
      try {
        download = await startDownload(connection, { range: [at, end - 1], ifRange });
        checkAnswer(connection, file, download, at);
        for await (const chunk of bodyOf(connection, download, download.status === 200 ? at : 0, end - at)) {
          at += chunk.length;
          if (at - counted >= PROGRESS_BYTES) {
            counted = at;
            waiting.succeed();
          }
          yield chunk;
        }
      } catch (error) {
        if (download === undefined && ifRange !== undefined) conditional = false;
        await waiting.afterFailure(error);
      } finally {
        download?.cancel();
      }
    }
  }
  return { bytes, close() {} };
}

/** Skips `skip` bytes and gives the `length` after them. */
async function* bodyOf(
  { name }: Connection,
  download: Download,
  skip: number,
  length: number,
): AsyncGenerator<Uint8Array, void> {
  let at = -skip;
  while (at < length) {
    const chunk = await download.next();
    if (chunk === undefined) throw cutShort(name, length + skip, at + skip);
    const useful = chunk.subarray(Math.max(0, -at), Math.max(0, length - at));
    at += chunk.length;
    if (useful.length > 0) yield useful;
  }
}

function cutShort(name: string, expected: number, got: number): InterruptedError {
  return new InterruptedError(`${name}: expected ${expected} bytes, the server sent ${got}`, {
    remedy: "the download was cut short; try again",
  });
}

/** Reads of this size are not kept: they are a tensor, which is read once. */
const LARGE_BYTES = 1 << 20;

/**
 * Keeps what came and was not asked for, and small parts, since files are read back and forth at their beginning. What is
 * no longer there is downloaded from the beginning.
 * @param first an answer whose body has not been read
 */
export function streamTransport(connection: Connection, file: RemoteFile, first: Download): Transport {
  const kept: { readonly begin: number; readonly bytes: Uint8Array }[] = [];
  let download: Download | undefined = first;
  let position = 0;
  const keep = (begin: number, bytes: Uint8Array): void => {
    if (bytes.length > 0) kept.push({ begin, bytes });
  };

  /** The next bytes of the file, from the beginning again where the connection broke off. */
  async function next(): Promise<Uint8Array> {
    const waiting = patience(connection);
    for (;;) {
      try {
        download ??= await restarted();
        const chunk = await download.next();
        if (chunk === undefined) throw cutShort(connection.name, file.size, position);
        position += chunk.length;
        return chunk;
      } catch (error) {
        download?.cancel();
        download = undefined;
        await waiting.afterFailure(error);
      }
    }
  }

  async function restarted(): Promise<Download> {
    const again = await startDownload(connection);
    checkAnswer(connection, file, again, 0);
    for (let at = 0; at < position; ) {
      const chunk = await again.next();
      if (chunk === undefined) throw cutShort(connection.name, file.size, at);
      at += chunk.length;
      if (at <= position) continue;
      keep(position, chunk.subarray(chunk.length - (at - position)));
      position = at;
    }
    return again;
  }

  async function* bytes(begin: number, end: number): AsyncGenerator<Uint8Array, void> {
    const large = end - begin >= LARGE_BYTES;
    for (let at = begin; at < end; ) {
      const here = passed(at);
      if (here !== undefined) {
        const useful = here.subarray(0, end - at);
        at += useful.length;
        yield useful;
        continue;
      }
      if (at < position) {
        download?.cancel();
        download = undefined;
        position = at;
      }
      const chunk = await next();
      const start = position - chunk.length;
      // A restart may have kept what is between.
      if (!large || start > at) {
        keep(start, chunk);
        continue;
      }
      keep(start, chunk.subarray(0, Math.max(0, begin - start)));
      keep(Math.max(start, end), chunk.subarray(Math.max(0, end - start)));
      const useful = chunk.subarray(Math.max(0, begin - start), Math.max(0, end - start));
      at += useful.length;
      if (useful.length > 0) yield useful;
    }
  }

  const passed = (at: number): Uint8Array | undefined => {
    const found = kept.find(({ begin, bytes }) => at >= begin && at < begin + bytes.length);
    return found?.bytes.subarray(at - found.begin);
  };
  return { bytes, passed, close: () => download?.cancel() };
}
