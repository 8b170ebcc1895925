/**
 * The kinds of file that weights are read from, each with a reader that is loaded only when such a file comes. A kind is
 * told by the file's bytes, never by its name.
 */
import type { Checkpoint } from "../checkpoint.ts";
import type { ByteSource } from "../source.ts";

export interface Reader {
  /** Reads what the file lists; numbers when they are asked for. @throws WeightsError */
  open(source: ByteSource): Promise<Checkpoint>;
}

interface Named {
  /** For people: `PyTorch`. */
  readonly name: string;
  /** Endings that such files have, for choosers and texts. */
  readonly endings: readonly string[];
  readonly load: () => Promise<Reader>;
}

/** A kind of file that its first bytes tell. */
export interface PlainFormat extends Named {
  /** @param head the file's first bytes, `HEAD_BYTES` of them where it has as many */
  readonly begins: (head: Uint8Array) => boolean;
}

/** A kind of zip archive, which the names of its members tell. */
export interface ZipFormat extends Named {
  readonly holds: (member: string) => boolean;
}

export const HEAD_BYTES = 64;

export const plainFormats: readonly PlainFormat[] = [
  {
    name: "safetensors",
    endings: [".safetensors"],
    begins: (head) => head[8] === 0x7b,
    load: () => import("./safetensors.ts"),
  },
];

export const zipFormats: readonly ZipFormat[] = [];

/** Endings of all kinds of file that open. */
export const weightsEndings: readonly string[] = [
  ...new Set([...plainFormats, ...zipFormats].flatMap(({ endings }) => endings)),
];
