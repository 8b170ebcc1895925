/**
 * A program: kernels, buffers, tables, and dispatches over them, as plain data. It is made without a device, survives JSON,
 * and runs as an `Executable`. Plans, drawings, trials of the tuner and the kernels' tests are programs.
 */
import { buffersOf, type Dispatch } from "./dispatch.ts";
import type { KernelSource } from "./kernel.ts";

/** A buffer by name. */
export interface BufferSpec {
  readonly name: string;
  readonly bytes: number;
}

/** Numbers, float32 on the device, written to a buffer when it is allocated. */
export interface DataTable {
  readonly buffer: string;
  readonly data: readonly number[];
}

/** Dispatches in the order in which they run, by their places in the program. */
export type Sequence = readonly number[];

export interface Program {
  /** By name, each once. */
  readonly kernels: Readonly<Record<string, KernelSource>>;
  readonly buffers: readonly BufferSpec[];
  readonly tables: readonly DataTable[];
  /** Each once, with the name of its kernel. */
  readonly dispatches: readonly Dispatch<string>[];
}

/** Gathers dispatches and their kernels. A dispatch recorded again keeps its place. */
export class Recording {
  readonly #places = new Map<Dispatch, number>();

  /** @returns where the dispatches stand */
  record(dispatches: readonly Dispatch[]): number[] {
    return dispatches.map((dispatch) => {
      const place = this.#places.get(dispatch) ?? this.#places.size;
      this.#places.set(dispatch, place);
      return place;
    });
  }

  program(): Pick<Program, "kernels" | "dispatches"> {
    const all = [...this.#places.keys()];
    return {
      kernels: Object.fromEntries(all.map(({ kernel }) => [kernel.name, kernel])),
      dispatches: all.map((dispatch) => ({ ...dispatch, kernel: dispatch.kernel.name })),
    };
  }
}

/** A program of some dispatches, which all run one after the other. */
export function programOf(dispatches: readonly Dispatch[], buffers: readonly BufferSpec[]): Program {
  const recording = new Recording();
  recording.record(dispatches);
  return { ...recording.program(), buffers, tables: [] };
}

/** All dispatches of a program, in the order in which they stand there. */
export function everyDispatch({ dispatches }: Pick<Program, "dispatches">): number[] {
  return dispatches.map((_, place) => place);
}

/** Names of the buffers that some dispatches read or write. */
export function neededBuffers({ dispatches }: Pick<Program, "dispatches">, sequence: Sequence): Set<string> {
  return new Set(sequence.flatMap((place) => buffersOf(dispatches[place] as Dispatch<string>)));
}

/** The dispatches at some places, with their kernels. */
export function dispatchesAt({ dispatches, kernels }: Program, sequence: Sequence): Dispatch[] {
  return sequence.map((place) => {
    const dispatch = dispatches[place] as Dispatch<string>;
    return { ...dispatch, kernel: kernels[dispatch.kernel] as KernelSource };
  });
}
