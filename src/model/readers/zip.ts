/**
 * The members of a zip archive (PKWARE APPNOTE 6.3.10), zip64 included, of which only those that are asked for are read.
 * A file may be hostile, so every number is checked before it is used.
 */
import { shown, WeightsError } from "../../errors.ts";
import type { ByteSource } from "../source.ts";

/** A member of an archive, as its directory lists it. */
export interface ZipMember {
  readonly name: string;
  /** 0 for stored, 8 for deflated. */
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  /** Bytes in the archive. */
  readonly packed: number;
  /** Bytes when unpacked. */
  readonly size: number;
  /** Where its local header begins. */
  readonly header: number;
}

export interface Zip {
  /** By name, in the directory's order. */
  readonly members: ReadonlyMap<string, ZipMember>;
  /**
   * Bytes begin (inclusive) to end (exclusive) of a member, all of them where neither is said. Of a stored member only
   * these are read. A deflated one is unpacked whole.
   * @throws WeightsError
   */
  read(member: ZipMember, begin?: number, end?: number): Promise<Uint8Array<ArrayBuffer>>;
}

const END_BYTES = 22;
const MAX_COMMENT = 0xffff;
const MAX_DIRECTORY = 8 << 20;
/** More than the tensors of any checkpoint. */
const MAX_MEMBERS = 40_000;
/** No deflated stream unpacks to more, by the format. */
const MAX_RATIO = 1032;
/** What a deflated member may have beyond the file's size. Its numbers as float32, in rows, are larger. */
const SPARE_BYTES = 2 << 20;
const REMEDY = "the file is damaged; download or save it again";

/** @throws WeightsError where it is damaged, cut short, encrypted or in several parts */
export async function readZip(source: ByteSource): Promise<Zip> {
  const { begin, bytes, count } = await readDirectory(source);
  const members = new Map<string, ZipMember>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    const { member, next } = readMember(source, bytes, at);
    if (member.header + 30 + member.packed > begin) {
      throw damaged(source, `its member ${shown(member.name)} lies beyond its end`);
    }
    if (members.has(member.name)) throw damaged(source, `its member ${shown(member.name)} appears twice`);
    members.set(member.name, member);
    at = next;
  }
  expectApart(source, [...members.values()]);
  const starts = new Map<ZipMember, number>();
  return {
    members,
    async read(member, from = 0, to = member.size) {
      if (member.encrypted) throw damaged(source, `its member ${shown(member.name)} is encrypted`);
      if (!(from >= 0 && from <= to && to <= member.size)) {
        throw damaged(source, `its member ${shown(member.name)} has ${member.size} bytes, expected ${to}`);
      }
      const start = starts.get(member) ?? (await dataBegin(source, member));
      starts.set(member, start);
      if (member.method === 0) return source.read(start + from, start + to);
      const packed = await source.read(start, start + member.packed);
      const whole = await inflate(source, member, packed);
      return from === 0 && to === member.size ? whole : whole.slice(from, to);
    },
  };
}

/** Members that share bytes would unpack to more than the file could hold. */
function expectApart(source: ByteSource, members: readonly ZipMember[]): void {
  let end = 0;
  for (const { name, header, packed } of members.toSorted((a, b) => a.header - b.header)) {
    if (header < end) throw damaged(source, `its member ${shown(name)} overlaps another`);
    end = header + 30 + packed;
  }
}

interface Directory {
  readonly begin: number;
  readonly bytes: Uint8Array;
  readonly count: number;
}

async function readDirectory(source: ByteSource): Promise<Directory> {
  const tailBegin = Math.max(0, source.size - END_BYTES - MAX_COMMENT);
  const tail = await source.read(tailBegin, source.size);
  const view = viewOf(tail);
  let end = tail.length - END_BYTES;
  while (end >= 0 && !(view.getUint32(end, true) === 0x06054b50 && fits(view, end, tail.length))) end--;
  if (end < 0) throw damaged(source, "its directory is missing: the file is cut short");
  let count = view.getUint16(end + 10, true);
  let size = view.getUint32(end + 12, true);
  let begin = view.getUint32(end + 16, true);
  if (count === 0xffff || size === 0xffffffff || begin === 0xffffffff) {
    const wide = await readWideEnd(source, tail, end);
    if (wide) [count, size, begin] = wide;
  }
  if (size > MAX_DIRECTORY) throw damaged(source, `its directory claims ${size} bytes`);
  if (count > MAX_MEMBERS) throw damaged(source, `it has ${count} members`);
  if (begin + size > tailBegin + end || count * 46 > size) {
    throw damaged(source, `its directory claims ${count} members in ${size} bytes at ${begin}`);
  }
  return { begin, bytes: await source.read(begin, begin + size), count };
}

/** The record ends with a comment that ends the file. */
function fits(view: DataView, end: number, length: number): boolean {
  return end + END_BYTES + view.getUint16(end + 20, true) === length;
}

/** Count, size and begin of the directory of a zip64 archive. */
async function readWideEnd(
  source: ByteSource,
  tail: Uint8Array,
  end: number,
): Promise<readonly [number, number, number] | undefined> {
  const view = viewOf(tail);
  if (end < 20 || view.getUint32(end - 20, true) !== 0x07064b50) return undefined;
  const at = wide(source, view, end - 12);
  if (at + 56 > source.size) throw damaged(source, "its zip64 directory lies beyond its end");
  const record = viewOf(await source.read(at, at + 56));
  if (record.getUint32(0, true) !== 0x06064b50) throw damaged(source, "its zip64 directory is missing");
  return [wide(source, record, 32), wide(source, record, 40), wide(source, record, 48)];
}

function readMember(source: ByteSource, bytes: Uint8Array, at: number): { member: ZipMember; next: number } {
  const view = viewOf(bytes);
  if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50) {
    throw damaged(source, "its directory has no member where one is claimed");
  }
  const lengths = [28, 30, 32].map((field) => view.getUint16(at + field, true));
  const [nameLength, extraLength, commentLength] = lengths as [number, number, number];
  const extra = at + 46 + nameLength;
  const next = extra + extraLength + commentLength;
  if (next > bytes.length) throw damaged(source, "its directory is cut short");
  const name = new TextDecoder().decode(bytes.subarray(at + 46, extra));
  const fields = wideFields(
    source,
    view,
    [24, 20, 42].map((field) => view.getUint32(at + field, true)),
    extra,
    extra + extraLength,
  );
  const [size, packed, header] = fields as [number, number, number];
  const method = view.getUint16(at + 10, true);
  if (method !== 0 && method !== 8) {
    throw damaged(
      source,
      `its member ${shown(name)} is packed by method ${method}; stored and deflated open`,
    );
  }
  if (method === 0 && size !== packed) throw damaged(source, `its member ${shown(name)} has two sizes`);
  const encrypted = (view.getUint16(at + 8, true) & 1) === 1;
  const crc = view.getUint32(at + 16, true);
  return { member: { name, method, encrypted, crc, packed, size, header }, next };
}

/** Numbers of 32 bits that are full stand in the zip64 extra field, in their order. */
function wideFields(
  source: ByteSource,
  view: DataView,
  narrow: readonly number[],
  begin: number,
  end: number,
): readonly number[] {
  let at = begin;
  while (at + 4 <= end && view.getUint16(at, true) !== 1) at += 4 + view.getUint16(at + 2, true);
  let field = at + 4;
  return narrow.map((value) => {
    if (value !== 0xffffffff || field + 8 > end) return value;
    field += 8;
    return wide(source, view, field - 8);
  });
}

/** Where a member's bytes begin: its local header has lengths of its own. */
async function dataBegin(source: ByteSource, member: ZipMember): Promise<number> {
  const view = viewOf(await source.read(member.header, member.header + 30));
  if (view.getUint32(0, true) !== 0x04034b50) {
    throw damaged(source, `its member ${shown(member.name)} is not where the directory says`);
  }
  const begin = member.header + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  if (begin + member.packed > source.size) {
    throw damaged(source, `its member ${shown(member.name)} lies beyond its end`);
  }
  return begin;
}

async function inflate(
  source: ByteSource,
  member: ZipMember,
  packed: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const claim = `its member ${shown(member.name)} claims to unpack to ${member.size} bytes`;
  if (member.size > member.packed * MAX_RATIO) throw damaged(source, claim);
  if (member.size > source.size + SPARE_BYTES) {
    throw new WeightsError(`${source.name}: ${claim}, more than the file and 2 MB`, {
      remedy: "save it without compression",
    });
  }
  const { inflateSync } = await import("fflate");
  // One byte more than claimed, so that more than was claimed shows.
  const room = new Uint8Array(member.size + 1);
  let length = -1;
  try {
    length = inflateSync(packed, { out: room }).length;
  } catch (cause) {
    throw damaged(source, `its member ${shown(member.name)} cannot be unpacked`, cause);
  }
  const bytes = room.subarray(0, member.size);
  if (length !== member.size || crc32(bytes) !== member.crc) {
    throw damaged(source, `its member ${shown(member.name)} does not unpack to what was packed`);
  }
  return bytes;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) {
    crc = (CRC_TABLE[(crc ^ (bytes[i] as number)) & 255] as number) ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function wide(source: ByteSource, view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(source.size) * BigInt(MAX_RATIO)) throw damaged(source, `it claims ${value} bytes`);
  return Number(value);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged({ name }: ByteSource, what: string, cause?: unknown): WeightsError {
  return new WeightsError(`${name}: the zip archive is damaged: ${what}`, { remedy: REMEDY, cause });
}
