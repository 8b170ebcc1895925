/** Random choices that a stream's name and a number decide, so that a file is made again by its number. */
import { hash32, streamOf } from "../../fixtures/hashing.ts";

export class Random {
  readonly #key: number;
  #at = 0;

  constructor(stream: string, number: number) {
    this.#key = hash32(streamOf(stream, hash32(number)));
  }

  /** 32 bits. */
  bits(): number {
    this.#at += 1;
    return hash32((this.#at ^ this.#key) >>> 0);
  }

  /** 0 to `count` − 1. */
  below(count: number): number {
    return Math.floor((this.bits() / 2 ** 32) * count);
  }

  chance(probability: number): boolean {
    return this.bits() / 2 ** 32 < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** How often `make` is called: 0 to `most` times. */
  list<T>(most: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.below(most + 1) }, (_, i) => make(i));
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.bits() & 255);
  }
}

/** Numbers that counts, lengths and places are set to. */
export const EVIL_NUMBERS: readonly bigint[] = [
  ...[0n, 1n, 2n, 3n, 127n, 128n, 255n, 256n, 4096n, 65535n, 65536n, 1n << 20n, 1n << 24n],
  ...[(1n << 31n) - 1n, 1n << 31n, (1n << 32n) - 1n, 1n << 32n, (1n << 40n) + 1n],
  ...[(1n << 53n) - 1n, 1n << 53n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n],
];

/** A size as a JavaScript number, mostly small. */
export function someSize(random: Random): number {
  if (random.chance(0.8)) return random.below(9);
  return Number(random.pick(EVIL_NUMBERS)) * (random.chance(0.1) ? -1 : 1);
}

/** Names that mean something in JavaScript, in paths or in readers. */
export const EVIL_NAMES: readonly string[] = [
  ..."__proto__ constructor prototype toString valueOf hasOwnProperty __defineGetter__ then length".split(
    " ",
  ),
  ...["", ".", "..", "../../etc/passwd", "/etc/passwd", "a\\b", "C:\\x", "a\0b", "\u202e", "\ud800", "é"],
  ...["__metadata__", "state_dict", "module.", "features.0.weight", "features.0.bias", "classifier.weight"],
  ...["conv1.weight", "0.weight", "features.999999999.weight", "features.1e9.weight", "features.-1.weight"],
  ...["model.features.0.weight", "normalizer.new_mean", "normalizer.new_std", "layers/conv2d/vars/0"],
  "globalThis.hostile=1",
  "x".repeat(3000),
];

export function someName(random: Random): string {
  const name = random.pick(EVIL_NAMES);
  return random.chance(0.2) ? `${name}.${random.pick(EVIL_NAMES)}` : name;
}
