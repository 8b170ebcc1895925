/** What a part of a plan asked for, as buffers of a proof. */
import type { Allocation } from "../../src/engine/plan/memory.ts";
import type { Contents } from "./execute.ts";

/** Its buffers, empty but for its tables. */
export function plannedBuffers(memory: Allocation): Record<string, Contents> {
  const { buffers, tables } = memory.program();
  return {
    ...Object.fromEntries(buffers.map(({ name, bytes }) => [name, bytes])),
    ...Object.fromEntries(tables.map(({ buffer, data }) => [buffer, new Float32Array(data)])),
  };
}
