/** Which part of a list of work one machine of several takes. */

import { InputError } from "../errors.ts";

export interface Shard {
  /** From 0, as the indices of Slurm arrays and indexed Kubernetes Jobs. */
  readonly index: number;
  readonly count: number;
}

/** Reads `I/N`. */
export function shard(flag: string): (text: string) => Shard {
  return (text) => {
    const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
    const read = { index: Number(index), count: Number(count) };
    if (index !== undefined && count !== undefined && read.index < read.count) return read;
    throw new InputError(`${flag}: expected I/N with I from 0 to N−1, got "${text}"`);
  };
}

/** The shard's items: every N-th, so that all machines have as much to do. */
export function itemsOf<T>(items: readonly T[], { index, count }: Shard): T[] {
  return items.filter((_, i) => i % count === index);
}
