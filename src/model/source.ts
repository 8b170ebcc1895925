/** Where a checkpoint's bytes come from: memory, a file somebody chose, or a URL (`url-source.ts`). */
import { WeightsError } from "../errors.ts";

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
  /** Ends a download that is still open; reading afterwards may fail. */
  close?(): void;
}

/** A file that is already in memory. */
export function bytesSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.byteLength,
    async read(begin, end) {
      checkRange(name, bytes.byteLength, begin, end);
      return new Uint8Array(bytes.subarray(begin, end));
    },
  };
}

/** A file that a person chose or dropped; nothing is uploaded, and only what is asked for is read. */
export function blobSource(blob: Blob, name = blob instanceof File ? blob.name : "file"): ByteSource {
  return {
    name,
    size: blob.size,
    async read(begin, end) {
      checkRange(name, blob.size, begin, end);
      try {
        return new Uint8Array(await blob.slice(begin, end).arrayBuffer());
      } catch (cause) {
        throw new WeightsError(`${name}: bytes ${begin} to ${end} cannot be read`, {
          cause,
          remedy: "choose the file again; it may have changed or moved since it was opened",
        });
      }
    },
  };
}

/** @throws WeightsError unless 0 ≤ begin ≤ end ≤ size. */
export function checkRange(name: string, size: number, begin: number, end: number): void {
  if (begin >= 0 && begin <= end && end <= size) return;
  throw new WeightsError(`${name}: bytes ${begin} to ${end} asked for, the file has ${size}`, {
    remedy: "the file is cut short or is not safetensors; download it again",
  });
}
