/** What a plan's program is made of: buffers by name, tables, and dispatches. Pure: nothing is allocated here. */
import type { Dispatch } from "../../gpu/dispatch.ts";
import {
  type BufferSpec,
  type DataTable,
  type Program,
  Recording,
  type Sequence,
} from "../../gpu/program.ts";
import type { LayerMemory, Upload } from "../../nn/layer.ts";

export type BufferRole =
  | "weights"
  | "activations"
  | "kept"
  | "bits"
  | "image"
  | "gradient"
  | "param"
  | "optimizer"
  | "workspace"
  | "objective"
  | "overflow";

export interface PlannedBuffer extends BufferSpec {
  readonly role: BufferRole;
  /** Read by packing only, and freed when all of that is done. */
  readonly temporary: boolean;
}

/** Weights put in the order that a kernel reads, once, before the first dispatch that reads them. */
export interface Packing {
  readonly buffer: string;
  readonly dispatches: Sequence;
}

export interface PlannedProgram extends Program {
  readonly buffers: readonly PlannedBuffer[];
}

/** Gathers what the parts of a plan ask for. A name asked for again grows to the largest request. */
export class Allocation implements LayerMemory {
  readonly #buffers = new Map<string, PlannedBuffer>();
  readonly #uploads = new Map<string, Upload>();
  readonly #tables = new Map<string, DataTable>();
  readonly #packings = new Map<string, Packing>();
  readonly #recording = new Recording();

  /** Asks for `bytes` under `name` and returns the name. */
  buffer(name: string, role: BufferRole, bytes: number): string {
    const known = this.#buffers.get(name);
    this.#buffers.set(name, { name, role, bytes: Math.max(known?.bytes ?? 0, bytes), temporary: false });
    return name;
  }

  /** Asks for weights that setting up alone reads, unless they are asked to last. */
  temporary(name: string, bytes: number): void {
    if (!this.#buffers.has(name)) this.#buffers.set(name, { name, role: "weights", bytes, temporary: true });
  }

  /** Asks for a buffer that holds `data` from the beginning and returns its name. */
  table(name: string, data: Float32Array<ArrayBuffer>): string {
    this.#tables.set(name, { buffer: name, data: [...data] });
    return this.buffer(name, "workspace", data.byteLength);
  }

  upload(upload: Upload): void {
    this.#uploads.set(upload.buffer, upload);
  }

  /** Dispatches that fill `buffer` of what was uploaded; asked for again they are made once. */
  prepare(buffer: string, dispatches: readonly Dispatch[]): void {
    if (!this.#packings.has(buffer))
      this.#packings.set(buffer, { buffer, dispatches: this.record(dispatches) });
  }

  /** Takes dispatches into the program. @returns their places there */
  record(dispatches: readonly Dispatch[]): number[] {
    return this.#recording.record(dispatches);
  }

  /** The program so far. */
  program(): PlannedProgram {
    const tables = [...this.#tables.values()];
    return { ...this.#recording.program(), buffers: [...this.#buffers.values()], tables };
  }

  uploads(): readonly Upload[] {
    return [...this.#uploads.values()];
  }

  packings(): readonly Packing[] {
    return [...this.#packings.values()];
  }
}

/** Bytes by role, for people and for tests. */
export function bytesByRole(
  buffers: readonly PlannedBuffer[],
): Readonly<Partial<Record<BufferRole, number>>> {
  const bytes: Partial<Record<BufferRole, number>> = {};
  for (const buffer of buffers) {
    if (!buffer.temporary) bytes[buffer.role] = (bytes[buffer.role] ?? 0) + buffer.bytes;
  }
  return bytes;
}
