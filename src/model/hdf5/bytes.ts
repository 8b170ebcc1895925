/**
 * Metadata of an HDF5 file, read in pages as it is asked for, under a budget. A hostile file can point anywhere and
 * claim any count, so every structure costs a read, and reads are counted: no file makes more than `MAX_READS`.
 */
import { WeightsError } from "../../errors.ts";
import type { ByteSource } from "../source.ts";

const PAGE = 1 << 16;
const MAX_PAGES = 32;
/** Of structures. A Keras file of 200 layers needs about 10,000. */
const MAX_READS = 300_000;
/** Of one structure: a header's block, a list of names, a model's configuration. */
const MAX_STRUCTURE = 4 << 20;
/** Of all structures together. */
const MAX_BYTES = 32 << 20;
/** Names in groups. A Keras file of 200 layers has about 1,500. */
const MAX_LINKS = 10_000;
const MAX_NAME = 512;

export const DAMAGED = "the file is damaged, or is no file of Keras; download it or save it again";

export function damaged(where: string, problem: string, cause?: unknown): WeightsError {
  return new WeightsError(`${where}: ${problem}`, { remedy: DAMAGED, cause });
}

/** Of a whole file, in one of HDF5's newer forms. */
export function unknownForm(where: string, problem: string): WeightsError {
  return new WeightsError(`${where}: ${problem}, which this reader does not know`, {
    remedy: 'save the network again with model.save("network.keras"), or the file without libver="latest"',
  });
}

export class Hdf5Bytes {
  readonly #pages = new Map<number, Uint8Array<ArrayBuffer>>();
  #reads = 0;
  #bytes = 0;
  #links = 0;

  constructor(readonly source: ByteSource) {}

  get where(): string {
    return this.source.name;
  }

  /** A new budget, for a new question. */
  refill(): void {
    this.#reads = 0;
    this.#bytes = 0;
    this.#links = 0;
  }

  /** Counts a name of a group. */
  link(name: string): string {
    this.#links += 1;
    if (name.length > MAX_NAME || this.#links > MAX_LINKS)
      throw damaged(this.where, "it names more than any network has");
    return name;
  }

  /** Counts what costs time and lies in bytes that were read: a message, a text. */
  step(): void {
    this.#spend(0);
  }

  /** A copy of, or a view on, `length` bytes from `begin` on; not to be changed. */
  async at(begin: number, length: number): Promise<DataView<ArrayBuffer>> {
    this.#spend(length);
    if (!(begin >= 0 && length >= 0 && begin + length <= this.source.size)) {
      throw damaged(
        this.where,
        `a structure at byte ${begin} has ${length} bytes, the file ${this.source.size}`,
      );
    }
    const first = Math.floor(begin / PAGE);
    const last = Math.floor((begin + Math.max(length, 1) - 1) / PAGE);
    if (first === last) {
      const page = await this.#page(first);
      return new DataView(page.buffer, page.byteOffset + begin - first * PAGE, length);
    }
    const bytes = await this.source.read(begin, begin + length);
    if (bytes.length !== length) throw damaged(this.where, `it ends within byte ${begin + length}`);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  #spend(length: number): void {
    this.#reads += 1;
    this.#bytes += length;
    if (length <= MAX_STRUCTURE && this.#reads <= MAX_READS && this.#bytes <= MAX_BYTES) return;
    throw damaged(this.where, "it describes more than any network has");
  }

  async #page(index: number): Promise<Uint8Array<ArrayBuffer>> {
    const found = this.#pages.get(index);
    if (found !== undefined) return found;
    const begin = index * PAGE;
    const end = Math.min(begin + PAGE, this.source.size);
    const page = await this.source.read(begin, end);
    if (page.length !== end - begin) throw damaged(this.where, `it ends within byte ${end}`);
    const oldest = this.#pages.keys().next().value;
    if (this.#pages.size >= MAX_PAGES && oldest !== undefined) this.#pages.delete(oldest);
    this.#pages.set(index, page);
    return page;
  }
}

/** Reads fields one after the other. Past the end `DataView` throws a RangeError, which `openHdf5` makes typed. */
export class Fields {
  at: number;

  constructor(
    readonly view: DataView<ArrayBuffer>,
    at = 0,
  ) {
    this.at = at;
  }

  get left(): number {
    return this.view.byteLength - this.at;
  }

  u8(): number {
    this.at += 1;
    return this.view.getUint8(this.at - 1);
  }

  u16(): number {
    this.at += 2;
    return this.view.getUint16(this.at - 2, true);
  }

  u32(): number {
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  /** A number of 8 bytes; undefined where all bits are set, which HDF5 writes for "nowhere". */
  address(): number | undefined {
    this.at += 8;
    const value = this.view.getBigUint64(this.at - 8, true);
    return value === 0xffff_ffff_ffff_ffffn ? undefined : Number(value);
  }

  /** A number of 8 bytes that must be there. */
  u64(): number {
    const value = this.address();
    if (value === undefined || !Number.isSafeInteger(value)) throw new RangeError("a number of 2^53 or more");
    return value;
  }

  /** Of 1, 2, 4 or 8 bytes, as two bits say. */
  sized(bits: number): number {
    return [() => this.u8(), () => this.u16(), () => this.u32(), () => this.u64()][bits & 3]?.() ?? 0;
  }

  skip(count: number): this {
    this.at += count;
    if (this.at > this.view.byteLength) throw new RangeError("a structure ends early");
    return this;
  }

  text(length: number): string {
    const begin = this.at;
    this.skip(length);
    return decodeText(new Uint8Array(this.view.buffer, this.view.byteOffset + begin, length));
  }

  /** A part of its own. */
  part(length: number): Fields {
    const begin = this.at;
    this.skip(length);
    return new Fields(new DataView(this.view.buffer, this.view.byteOffset + begin, length));
  }

  expect(signature: string): this {
    if (this.text(signature.length) !== signature) throw new RangeError(`no ${signature} where one belongs`);
    return this;
  }
}

/** UTF-8 up to the first zero byte. */
export function decodeText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
