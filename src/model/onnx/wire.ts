/**
 * Walks Protocol Buffers messages by ranges of a file, so that what is large is passed over and not read.
 * @see https://protobuf.dev/programming-guides/encoding/
 */
import { PbfReader } from "pbf";
import { WeightsError } from "../../errors.ts";
import type { ByteSource } from "../source.ts";

/** A field of a message: the number that its schema gives it, and where its payload lies in the file. */
export interface WireField {
  readonly tag: number;
  /** 0: a whole number; 1 and 5: 8 and 4 bytes; 2: bytes, a text, a message or a packed list. */
  readonly type: 0 | 1 | 2 | 5;
  readonly begin: number;
  readonly end: number;
  /** Of type 0, signed. */
  readonly value: number;
}

const WINDOW_BYTES = 1 << 16;
/** A tag and a number: 5 and 10 bytes at most. */
const HEADER_BYTES = 15;
/** Memory that the graph may take besides the file's own size. */
const SPARE_BYTES = 8 << 20;
const BYTES_PER_FIELD = 96;

/** A file read in windows, each kept until another is asked for. */
export class Wire {
  readonly #source: ByteSource;
  #window = new Uint8Array();
  #begin = 0;
  #left: number;

  constructor(source: ByteSource) {
    this.#source = source;
    this.#left = SPARE_BYTES + source.size;
  }

  /** Counts memory that is taken for what the file says. @throws WeightsError where that is more than any network's */
  spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw this.damaged("its graph takes more memory than that of any network");
  }

  /** The fields of the message that lies between two places. @throws WeightsError where there is no such message */
  async fields(begin: number, end: number): Promise<readonly WireField[]> {
    const fields: WireField[] = [];
    for (let at = begin; at < end; ) {
      this.spend(BYTES_PER_FIELD);
      const field = await this.#field(at, end);
      fields.push(field);
      at = field.end;
    }
    return fields;
  }

  async #field(at: number, end: number): Promise<WireField> {
    const reader = new PbfReader(await this.bytes(at, Math.min(end, at + HEADER_BYTES)));
    const key = this.#varint(reader, at);
    const [tag, type] = [Math.floor(key / 8), key % 8];
    if (type === 0) {
      const value = this.#varint(reader, at, true);
      return { tag, type, begin: at, end: at + reader.pos, value };
    }
    if (type !== 1 && type !== 2 && type !== 5) throw this.damaged(`byte ${at} begins no field`);
    const length = type === 1 ? 8 : type === 5 ? 4 : this.#varint(reader, at);
    const begin = at + reader.pos;
    if (begin + length <= end) return { tag, type, begin, end: begin + length, value: 0 };
    throw this.damaged(`a field of ${length} bytes at byte ${at} reaches beyond its end`);
  }

  #varint(reader: PbfReader, at: number, signed = false): number {
    try {
      const value = reader.readVarint(signed);
      if (reader.pos <= reader.length) return value;
    } catch {
      // Told below, as a number that is cut.
    }
    throw this.damaged(`the number at byte ${at} does not end`);
  }

  /** A part of the file, in memory that nobody may change. */
  async bytes(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const isInside = begin >= this.#begin && end <= this.#begin + this.#window.length;
    if (!isInside) {
      const upTo = Math.min(this.#source.size, Math.max(end, begin + WINDOW_BYTES));
      this.#window = await this.#source.read(begin, upTo);
      this.#begin = begin;
    }
    return this.#window.subarray(begin - this.#begin, end - this.#begin);
  }

  /** @throws WeightsError for a text of more than `most` bytes */
  async text({ begin, end }: WireField, most = 1 << 20): Promise<string> {
    if (end - begin > most) throw this.damaged(`a text of ${end - begin} bytes at byte ${begin}`);
    return new TextDecoder().decode(await this.bytes(begin, end));
  }

  /** Whole numbers, packed into one field or alone in it; each is handed on. */
  async integers({ type, value, begin, end }: WireField, take: (value: number) => void): Promise<void> {
    if (type === 0) return take(value);
    const reader = new PbfReader(await this.bytes(begin, end));
    while (reader.pos < end - begin) take(this.#varint(reader, begin, true));
  }

  async float({ begin, end }: WireField): Promise<number> {
    return end - begin === 4 ? new PbfReader(await this.bytes(begin, end)).readFloat() : Number.NaN;
  }

  damaged(what: string): WeightsError {
    return new WeightsError(`${this.#source.name}: the ONNX file is damaged: ${what}`, {
      remedy: "download or export it again",
    });
  }
}
