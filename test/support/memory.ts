/** Where passes ask for buffers, for pure tests: what was asked for, by name. */
import type { Memory } from "../../src/optvis/params/param.ts";

export interface AskedMemory extends Memory {
  /** Bytes of each buffer. */
  readonly buffers: ReadonlyMap<string, number>;
  readonly tables: ReadonlyMap<string, Float32Array>;
}

export function askedMemory(): AskedMemory {
  const buffers = new Map<string, number>();
  const tables = new Map<string, Float32Array>();
  return {
    buffers,
    tables,
    buffer(name, _role, bytes) {
      buffers.set(name, bytes);
      return name;
    },
    table(name, data) {
      tables.set(name, data);
      return name;
    },
  };
}
