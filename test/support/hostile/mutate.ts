/** Damage to bytes, whatever they mean: flips, cuts, splices, numbers set to the worst, places that point elsewhere. */
import { EVIL_NAMES, EVIL_NUMBERS, type Random } from "./random.ts";

type Damage = (random: Random, bytes: Uint8Array, donor: Uint8Array) => Uint8Array;

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (it) => it.charCodeAt(0) & 255);

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Heads say more than numbers of weights do. */
function place(random: Random, { length }: Uint8Array): number {
  return random.below(random.chance(0.4) ? Math.min(length, 256) : length);
}

function setNumber(random: Random, bytes: Uint8Array, value: bigint): Uint8Array {
  const width = random.pick([1, 2, 4, 4, 8, 8, 8]);
  if (bytes.length < width) return bytes;
  const at = place(random, bytes.subarray(0, bytes.length - width + 1));
  const aligned = random.chance(0.7) ? at - (at % width) : at;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < width; i++) view.setUint8(aligned + i, Number((value >> BigInt(8 * i)) & 255n));
  return bytes;
}

const flip: Damage = (random, bytes) => {
  const at = place(random, bytes);
  bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
  return bytes;
};

const DAMAGES: readonly Damage[] = [
  flip,
  flip,
  (random, bytes) => {
    bytes[place(random, bytes)] = random.pick([0, 1, 127, 128, 254, 255, random.below(256)]);
    return bytes;
  },
  (random, bytes) => setNumber(random, bytes, random.pick(EVIL_NUMBERS)),
  (random, bytes) => setNumber(random, bytes, random.pick(EVIL_NUMBERS)),
  (random, bytes) => setNumber(random, bytes, BigInt(bytes.length + random.below(17) - 8)),
  // A place that is another one: cycles, overlaps.
  (random, bytes) => {
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength & ~7);
    const places: number[] = [];
    for (let at = 0; at < words.byteLength; at += 8) {
      const value = words.getBigUint64(at, true);
      if (value > 0n && value < BigInt(bytes.length)) places.push(at);
    }
    if (places.length < 2) return bytes;
    for (let times = random.below(3); times >= 0; times--)
      words.setBigUint64(random.pick(places), words.getBigUint64(random.pick(places), true), true);
    return bytes;
  },
  (random, bytes) => bytes.slice(0, random.below(bytes.length + 1)),
  (random, bytes) => joined(bytes, random.bytes(random.below(64))),
  // A part that is missing, is there twice, stands elsewhere, or is another file's.
  (random, bytes) => {
    const [from, to] = [place(random, bytes), place(random, bytes)];
    const length = random.below(random.pick([4, 64, bytes.length - from]) + 1);
    const part = bytes.slice(from, from + length);
    const rest = random.chance(0.5) ? joined(bytes.slice(0, from), bytes.slice(from + length)) : bytes;
    return random.chance(0.3) ? rest : joined(rest.slice(0, to), part, rest.slice(to));
  },
  (random, bytes, donor) => {
    const from = random.below(donor.length);
    const part = donor.slice(from, from + random.below(512));
    const at = place(random, bytes);
    if (random.chance(0.5)) return joined(bytes.slice(0, at), part, bytes.slice(at));
    bytes.set(part.subarray(0, bytes.length - at), at);
    return bytes;
  },
  // A name over whatever is there.
  (random, bytes) => {
    const name = latin1(random.pick(EVIL_NAMES));
    const at = place(random, bytes);
    bytes.set(name.subarray(0, bytes.length - at), at);
    return bytes;
  },
  // Digits of texts.
  (random, bytes) => {
    const text = String.fromCharCode(...bytes.subarray(0, 4096));
    const numbers = [...text.matchAll(/\d+/g)];
    if (numbers.length === 0) return bytes;
    const { index, 0: digits } = random.pick(numbers);
    const put = latin1(random.pick(["0", "-1", "1e9", "99", ...EVIL_NUMBERS.map(String)]));
    return joined(bytes.slice(0, index), put, bytes.slice(index + digits.length));
  },
];

/** One to eight damages. @param keep first bytes that stay, so that the file is still taken for what it is */
export function damaged(random: Random, good: Uint8Array, donor = good, keep = 0): Uint8Array {
  let bytes = new Uint8Array(good);
  for (let times = 1 + random.below(random.pick([1, 2, 8])); times > 0 && bytes.length > 0; times--)
    bytes = new Uint8Array(random.pick(DAMAGES)(random, bytes, donor));
  if (random.chance(0.9)) bytes.set(good.subarray(0, Math.min(keep, bytes.length)));
  return bytes;
}
