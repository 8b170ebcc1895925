/** Weights from a file, for the library (`webgpu-ascent/node`) and the command line. */

import { open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { InputError, WeightsError } from "../errors.ts";
import type { Beside } from "../model/beside.ts";
import { type ByteSource, checkRange, roomFor } from "../model/source.ts";

/** Why the file system did not let a file be read, in words. */
export function whyNotRead(cause: unknown): string {
  const code = codeOf(cause);
  if (code === "ENOENT" || code === "ENOTDIR") return "no such file";
  if (code === "EACCES" || code === "EPERM") return "no permission to read it";
  if (code === "EISDIR") return "expected a file, got a folder";
  return cause instanceof Error ? cause.message : String(cause);
}

/** Node reads less than 2 GB at once. */
const MOST_AT_ONCE = 2 ** 30;

/** Reads only the bytes that are asked for. VGG-16's file is 550 MB, its convolutions are a tenth of that. */
export async function fileSource(path: string): Promise<ByteSource & { close(): void }> {
  const file = await open(path).catch((cause: unknown) => {
    throw new InputError(`${whyNotRead(cause)}: ${path}`, { cause });
  });
  const found = await file.stat();
  if (found.isDirectory()) {
    await file.close();
    const cause = Object.assign(new Error(), { code: "EISDIR" });
    throw new InputError(`${whyNotRead(cause)}: ${path}`, { cause });
  }
  const { size } = found;
  const name = basename(path);
  return {
    name,
    size,
    async read(begin, end) {
      checkRange(name, size, begin, end);
      const bytes = roomFor(name, end - begin);
      for (let filled = 0; filled < bytes.length; ) {
        const count = Math.min(bytes.length - filled, MOST_AT_ONCE);
        const { bytesRead } = await file.read(bytes, filled, count, begin + filled);
        if (bytesRead === 0) throw new WeightsError(`${name}: became shorter while it was read`);
        filled += bytesRead;
      }
      return bytes;
    },
    close: () => void file.close(),
  };
}

/** Files in the folder of this one, and below it. */
export function fileBeside(path: string): Beside {
  return async (name) => {
    try {
      return await fileSource(join(dirname(path), name));
    } catch (error) {
      const code = error instanceof InputError ? codeOf(error.cause) : undefined;
      if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
      throw error;
    }
  };
}

export function codeOf(cause: unknown): unknown {
  return cause instanceof Error && "code" in cause ? cause.code : undefined;
}
