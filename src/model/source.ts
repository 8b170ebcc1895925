/** Where a checkpoint's bytes come from: memory, a file that somebody chose, or a URL (`url-source.ts`). */
import { InputError, shown, WeightsError } from "../errors.ts";

/** Random access to the bytes of one file of known size. */
export interface ByteSource {
  /** For messages: a file name or URL. */
  readonly name: string;
  /** Bytes in the whole file. */
  readonly size: number;
  /**
   * Bytes begin (inclusive) to end (exclusive), in memory the caller may keep and change.
   * @throws WeightsError where the file ends early or the range lies outside it.
   */
  read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Told how many bytes are going to be read, so that progress has an end. */
  expect?(bytes: number): void;
  /** Ends a download that is still open; reading afterwards may fail. */
  close?(): void;
}

/**
 * A file that is already in memory.
 * @param name for messages
 * @param bytes of the whole file: a buffer, or a view of a part of one
 * @throws InputError for anything else
 */
export function bytesSource(name: string, bytes: ArrayBufferLike | ArrayBufferView): ByteSource {
  if (typeof name !== "string")
    throw new InputError(`bytesSource: expected a name first, got ${shown(name)}`);
  const whole = wholeOf(bytes);
  return {
    name,
    size: whole.byteLength,
    async read(begin, end) {
      checkRange(name, whole.byteLength, begin, end);
      return new Uint8Array(whole.subarray(begin, end));
    },
  };
}

function wholeOf(bytes: ArrayBufferLike | ArrayBufferView): Uint8Array {
  if (ArrayBuffer.isView(bytes)) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isBuffer(bytes)) return new Uint8Array(bytes);
  throw new InputError(`bytesSource: expected an ArrayBuffer or a view of one, got ${shown(bytes)}`, {
    remedy: "give the bytes of a file, such as `await file.arrayBuffer()`",
  });
}

/** By its tag: `instanceof` knows no buffer of another window, and not every page has shared ones. */
function isBuffer(value: unknown): value is ArrayBufferLike {
  return /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value));
}

/**
 * A file that a person chose or dropped. Nothing is uploaded, and only what is asked for is read.
 * @throws InputError where it is no `Blob` or `File`
 */
export function blobSource(blob: Blob, name = blob instanceof File ? blob.name : "file"): ByteSource {
  if (!(blob instanceof Blob)) {
    throw new InputError(`blobSource: expected a File or Blob, got ${shown(blob)}`, {
      remedy: "give bytes in memory to bytesSource, an address to urlSource",
    });
  }
  return {
    name,
    size: blob.size,
    async read(begin, end) {
      checkRange(name, blob.size, begin, end);
      try {
        return await readBlob(blob.slice(begin, end), name);
      } catch (cause) {
        if (cause instanceof WeightsError) throw cause;
        throw new WeightsError(`${name}: bytes ${begin} to ${end} cannot be read`, {
          cause,
          remedy: "choose the file again; it may have changed or moved since it was opened",
        });
      }
    },
  };
}

/** Of what is larger, `Blob.arrayBuffer()` holds two copies until the last byte is there. */
const LARGE_BYTES = 1 << 24;

async function readBlob(blob: Blob, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const { size } = blob;
  const reader = size > LARGE_BYTES ? readerInto(blob.stream()) : undefined;
  if (reader === undefined) return new Uint8Array(await blob.arrayBuffer());
  let bytes = roomFor(name, size);
  for (let at = 0; at < size; ) {
    // It comes into this very memory, which changes hands at each read.
    const { value } = await reader.read(bytes.subarray(at));
    if (value === undefined || value.length === 0) throw new Error(`it ended after ${at} of ${size} bytes`);
    at += value.length;
    bytes = new Uint8Array(value.buffer);
  }
  return bytes;
}

/** Undefined where a browser's blobs are no streams of bytes. */
function readerInto(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: "byob" });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** @throws WeightsError unless 0 ≤ begin ≤ end ≤ size. */
export function checkRange(name: string, size: number, begin: number, end: number): void {
  if (begin >= 0 && begin <= end && end <= size) return;
  throw new WeightsError(`${name}: bytes ${begin} to ${end} asked for, the file has ${size}`, {
    remedy: "the file is cut short or damaged; download it again",
  });
}

/** A file may claim more than any array holds, or any machine has. @param name of the file @throws WeightsError */
export function roomFor(name: string, bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new WeightsError(`${name}: a piece of ${bytes} bytes does not fit into memory`, { cause });
  }
}
