/** The bytes of a pickle: its literals, and the arguments of its opcodes. */
import { WeightsError } from "../../errors.ts";

/** The bytes end before the pickle does. */
export class CutShort extends WeightsError {}

/** Texts and integers longer than this are no part of a network. */
const MAX_DIGITS = 100;

export class Opcodes {
  readonly #where: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;

  constructor(where: string, bytes: Uint8Array) {
    this.#where = where;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  byte(): number {
    return this.#bytes[this.skip(1)] as number;
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    const at = this.skip(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Goes on by so many bytes. @returns where they begin @throws CutShort */
  skip(length: number): number {
    if (!(length >= 0 && length <= this.#bytes.length - this.at)) {
      throw new CutShort(`${this.#where}: the pickle is damaged: it ends within a value`, {
        remedy: "download or save the file again",
      });
    }
    this.at += length;
    return this.at - length;
  }

  /** Text up to the end of the line. */
  line(): string {
    const end = this.#bytes.indexOf(10, this.at);
    const text = latin1(this.bytes((end < 0 ? Infinity : end) - this.at));
    this.at += 1;
    return text;
  }

  /** A little-endian unsigned integer of 1, 2, 4 or 8 bytes. Past 2⁵³ no file has as many bytes. */
  unsigned(size: number): number {
    const at = this.skip(size);
    if (size === 1) return this.#view.getUint8(at);
    if (size === 2) return this.#view.getUint16(at, true);
    return size === 4 ? this.#view.getUint32(at, true) : Number(this.#view.getBigUint64(at, true));
  }

  /** The number of a memo, where the opcode is one of these: as text, one byte or four. */
  index(opcode: number, [text, byte, four]: readonly [number, number, number]): number | undefined {
    if (opcode === text) return Number(this.line());
    if (opcode === byte) return this.unsigned(1);
    return opcode === four ? this.unsigned(4) : undefined;
  }

  /** What the opcode pushes, where it is a literal. */
  literal(opcode: number): null | boolean | number | bigint | string | Uint8Array | undefined {
    switch (opcode) {
      case 0x4e: // NONE
        return null;
      case 0x88: // NEWTRUE
        return true;
      case 0x89: // NEWFALSE
        return false;
      case 0x49: // INT
        return this.#intLine();
      case 0x4c: // LONG
        return decimal(this.line().replace(/L$/, ""));
      case 0x46: // FLOAT
        return Number(this.line());
      case 0x47: // BINFLOAT
        return this.#view.getFloat64(this.skip(8));
      case 0x4a: // BININT
        return this.#view.getInt32(this.skip(4), true);
      case 0x4b: // BININT1
        return this.unsigned(1);
      case 0x4d: // BININT2
        return this.unsigned(2);
      case 0x8a: // LONG1
        return integer(this.bytes(this.unsigned(1)));
      case 0x8b: // LONG4
        return integer(this.bytes(this.unsigned(4)));
      default:
        return this.#text(opcode);
    }
  }

  #text(opcode: number): string | Uint8Array | undefined {
    switch (opcode) {
      case 0x53: // STRING
        return unescaped(this.line().slice(1, -1));
      case 0x55: // SHORT_BINSTRING
        return latin1(this.bytes(this.unsigned(1)));
      case 0x54: // BINSTRING
        return latin1(this.bytes(this.unsigned(4)));
      case 0x56: // UNICODE
        return unescaped(this.line());
      case 0x8c: // SHORT_BINUNICODE
        return utf8(this.bytes(this.unsigned(1)));
      case 0x58: // BINUNICODE
        return utf8(this.bytes(this.unsigned(4)));
      case 0x8d: // BINUNICODE8
        return utf8(this.bytes(this.unsigned(8)));
      case 0x43: // SHORT_BINBYTES
        return this.bytes(this.unsigned(1));
      case 0x42: // BINBYTES
        return this.bytes(this.unsigned(4));
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.bytes(this.unsigned(8));
      default:
        return undefined;
    }
  }

  /** `01` and `00` are Python's True and False. */
  #intLine(): boolean | number | bigint | string {
    const text = this.line();
    return text === "01" || text === "00" ? text === "01" : decimal(text);
  }
}

function decimal(text: string): number | bigint | string {
  const trimmed = text.trim();
  if (trimmed.length > MAX_DIGITS || !/^[+-]?\d+$/.test(trimmed)) return "";
  return small(BigInt(trimmed));
}

/** Two's complement, little-endian. An integer of more than 64 bytes is nothing here. */
function integer(bytes: Uint8Array): number | bigint | string {
  if (bytes.length > 64) return "";
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  return small(BigInt.asIntN(Math.max(1, 8 * bytes.length), value));
}

function small(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Python 2's texts are bytes. */
function latin1(bytes: Uint8Array): string {
  // Not a TextDecoder, whose latin1 is windows-1252.
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return text;
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** The escapes of Python's texts as protocol 0 writes them. */
function unescaped(text: string): string {
  const names: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
  return text.replace(
    /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))/gi,
    (_, x?: string, u?: string, long?: string, other = "") => {
      const code = Number.parseInt(x ?? u ?? long ?? "0", 16);
      if (x ?? u ?? long) return code <= 0x10ffff ? String.fromCodePoint(code) : "";
      return Object.hasOwn(names, other) ? (names[other] as string) : other;
    },
  );
}
