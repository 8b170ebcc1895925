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

/** The shard's numbers of 0 … length − 1: one stretch of them, and none longer than another by more than one. */
export function stretchOf(length: number, { index, count }: Shard): number[] {
  const [from, to] = [index, index + 1].map((i) => Math.floor((i * length) / count)) as [number, number];
  return Array.from({ length: to - from }, (_, i) => from + i);
}
