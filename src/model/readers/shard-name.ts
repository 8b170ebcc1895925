/** Names of files that are one of several: `model-00001-of-00003.safetensors`. */

export interface Shard {
  readonly stem: string;
  readonly ending: string;
  readonly count: number;
}

/** What a file's name or address says of it; undefined where it is no shard, or the only one. */
export function shardOf(name: string): Shard | undefined {
  const [, stem, count, ending] = /([^/\\]+)-\d{5}-of-(\d{5})(\.[a-z0-9]+)$/i.exec(name) ?? [];
  if (stem === undefined || ending === undefined || Number(count) < 2) return undefined;
  return { stem, ending, count: Number(count) };
}
