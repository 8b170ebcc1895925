/** Zip archives as PKWARE's APPNOTE says, with lies: sizes, places, methods, flags, counts, equal names, zip64. */
import { deflateSync } from "fflate";
import { crc32 } from "../../../src/model/readers/zip.ts";
import { joined } from "./mutate.ts";
import { EVIL_NUMBERS, type Random, someName } from "./random.ts";

export interface Member {
  readonly name: string;
  readonly data: Uint8Array;
}

type Field = readonly [value: number | bigint, bytes: number];

function record(...fields: readonly Field[]): Uint8Array {
  return joined(
    ...fields.map(([value, bytes]) =>
      Uint8Array.from({ length: bytes }, (_, i) =>
        Number((BigInt.asUintN(64, BigInt(value)) >> BigInt(8 * i)) & 255n),
      ),
    ),
  );
}

/** @param lies how probable it is that a field is not what it should be */
export function writeZip(random: Random, members: readonly Member[], lies = 0.01): Uint8Array {
  const lie = (value: number): number | bigint => (random.chance(lies) ? random.pick(EVIL_NUMBERS) : value);
  const parts: Uint8Array[] = [];
  const entries: Uint8Array[] = [];
  let at = 0;
  const all = random.chance(lies) && members.length > 0 ? [...members, random.pick(members)] : members;
  for (const { name, data } of all) {
    const packs = random.chance(0.2);
    const bytes = packs ? deflateSync(data, { level: 1 }) : data;
    const title = new TextEncoder().encode(random.chance(lies) ? someName(random) : name);
    const flags = lie(random.chance(lies) ? 1 : 0);
    const method = lie(packs ? 8 : 0);
    const crc = lie(crc32(data));
    const isWide = random.chance(0.05);
    const sizes: readonly Field[] = [
      [isWide ? 0xffffffff : lie(bytes.length), 4],
      [isWide ? 0xffffffff : lie(data.length), 4],
    ];
    const before = at;
    const header = record(
      [0x04034b50, 4],
      [20, 2],
      [flags, 2],
      [method, 2],
      [0, 4],
      [crc, 4],
      ...sizes,
      [lie(title.length), 2],
      [lie(0), 2],
    );
    parts.push(header, title, bytes);
    at += header.length + title.length + bytes.length;
    const extra = isWide
      ? record([1, 2], [16, 2], [lie(data.length), 8], [lie(bytes.length), 8])
      : new Uint8Array();
    const head = record(
      [0x02014b50, 4],
      [20, 2],
      [20, 2],
      [flags, 2],
      [method, 2],
      [0, 4],
      [crc, 4],
      ...sizes,
    );
    const rest = record(
      [lie(title.length), 2],
      [lie(extra.length), 2],
      [lie(0), 2],
      [0, 2],
      [0, 2],
      [0, 4],
      [lie(before), 4],
    );
    entries.push(joined(head, rest, title, extra));
  }
  const directory = joined(...entries);
  const isWide = random.chance(0.05);
  const wide = isWide
    ? joined(
        record(
          [0x06064b50, 4],
          [44, 8],
          [45, 2],
          [45, 2],
          [0, 4],
          [0, 4],
          [lie(all.length), 8],
          [lie(all.length), 8],
          [lie(directory.length), 8],
          [lie(at), 8],
        ),
        record([0x07064b50, 4], [0, 4], [lie(at + directory.length), 8], [1, 4]),
      )
    : new Uint8Array();
  const end = record(
    [0x06054b50, 4],
    [0, 4],
    [isWide ? 0xffff : lie(all.length), 2],
    [isWide ? 0xffff : lie(all.length), 2],
    [isWide ? 0xffffffff : lie(directory.length), 4],
    [isWide ? 0xffffffff : lie(at), 4],
    [lie(0), 2],
  );
  return joined(...parts, directory, wide, end);
}

/** A .npy file whose header or numbers are not what they should be, sometimes. */
export function npyFile(random: Random): Uint8Array {
  const shape = random.list(4, () =>
    random.chance(0.8) ? random.below(4) : Number(random.pick(EVIL_NUMBERS)),
  );
  const descr = random.pick(["<f4", "<f4", ">f4", "<f8", "<f2", "|O", "<i8", "|b1", "<f99", "<U9", "f4"]);
  const order = random.pick(["False", "False", "True", "None"]);
  const sizes = shape.map(String).join(", ") + (shape.length === 1 ? "," : "");
  const words = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${sizes}), }\n`;
  const count = shape.reduce((a, b) => a * b, 1) * (Number(descr.slice(2)) || 1);
  const data = new Uint8Array(random.chance(0.9) ? Math.min(count, 1 << 12) : random.below(100));
  const version = random.pick([1, 1, 2, 3, 9]);
  const length = random.chance(0.9) ? words.length : Number(random.pick(EVIL_NUMBERS) & 0xffffn);
  const text = Uint8Array.from(words, (it) => it.charCodeAt(0));
  return joined(
    Uint8Array.of(0x93, ...new TextEncoder().encode("NUMPY"), version, 0),
    record([length, version === 1 ? 2 : 4]),
    text,
    data,
  );
}

/** A few kilobytes that unpack to many megabytes, or say so. */
export function deflateBomb(random: Random, head: Uint8Array): Uint8Array {
  return joined(
    head,
    new Uint8Array(random.pick([1 << 10, 1 << 16, random.chance(0.05) ? 20 << 20 : 1 << 17])),
  );
}
