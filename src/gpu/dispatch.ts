/** A dispatch as plain data: one kernel over named buffers. Programs are made of these, without a device. */
import type { KernelSource, UniformValues } from "./kernel.ts";

/** A named buffer of the program, or a part of one in bytes. */
export type BufferRef = string | { readonly buffer: string; readonly offset: number; readonly size: number };

/** `K`: the kernel itself, or in a program its name. */
export interface Dispatch<K = KernelSource> {
  /** What it is for: `conv3_4 forward`. */
  readonly label: string;
  readonly kernel: K;
  readonly buffers: Readonly<Record<string, BufferRef>>;
  readonly uniform: UniformValues;
  readonly overrides: Readonly<Record<string, number>>;
  readonly workgroups: readonly [x: number, y: number, z: number];
  /** Multiplications and additions, for reports; 0 where it is not worth counting. */
  readonly flops: number;
  /** Bytes that must be read and written, each once, for reports; 0 where it is not worth counting. */
  readonly bytes: number;
  /** Uniform fields that may change while running: field → key of the live value it is a multiple of. */
  readonly live: Readonly<Record<string, LiveUniform>>;
}

/** The field's value is `scale` times the live value `key` (`lr`, `l2`, `weight:0`, …). */
export interface LiveUniform {
  readonly key: string;
  readonly scale: number;
}

export interface DispatchOptions<S extends string, U extends UniformValues, O extends string> {
  readonly label: string;
  readonly buffers: Readonly<Record<S, BufferRef>>;
  readonly uniform: U;
  readonly workgroups: readonly [x: number, y: number, z: number];
  readonly overrides?: Readonly<Partial<Record<O, number>>>;
  readonly flops?: number;
  readonly bytes?: number;
  readonly live?: Readonly<Partial<Record<keyof U & string, LiveUniform>>>;
}

/** Names are checked against the kernel by the compiler: a wrong, missing or extra one is an error. */
export function dispatch<S extends string, U extends UniformValues, O extends string>(
  kernel: KernelSource<S, U, O>,
  options: DispatchOptions<S, U, O>,
): Dispatch {
  return {
    label: options.label,
    kernel: kernel as KernelSource,
    buffers: options.buffers,
    uniform: options.uniform,
    overrides: (options.overrides ?? {}) as Readonly<Record<string, number>>,
    workgroups: options.workgroups,
    flops: options.flops ?? 0,
    bytes: options.bytes ?? 0,
    live: (options.live ?? {}) as Readonly<Record<string, LiveUniform>>,
  };
}

const MAX_WORKGROUPS = 65_535;

/** Workgroups for n items, `size` a workgroup, folded over x and y (`linear_index` in shaders/lib). */
export function fold(n: number, size = 64): [number, number, number] {
  const groups = Math.max(1, Math.ceil(n / size));
  const y = Math.ceil(groups / MAX_WORKGROUPS);
  return [Math.ceil(groups / y), y, 1];
}

export function bufferName(ref: BufferRef): string {
  return typeof ref === "string" ? ref : ref.buffer;
}

/** Names of the buffers that a dispatch reads or writes. */
export function buffersOf({ buffers }: Pick<Dispatch, "buffers">): string[] {
  return Object.values(buffers).map(bufferName);
}
