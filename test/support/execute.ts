/**
 * Runs dispatches on a device for the kernels' test cases: small buffers by name in, buffers by name out.
 *
 * Every buffer is followed by guard words of a NaN, and what is not filled holds that NaN as well. So a
 * kernel that reads past its input spreads NaN, one that skips an output leaves it, and one that writes past
 * an output changes a guard; all three fail.
 */
import type { Gpu } from "../../src/gpu/device.ts";
import type { Dispatch } from "../../src/gpu/dispatch.ts";
import { Executable } from "../../src/gpu/executable.ts";
import type { KernelSource } from "../../src/gpu/kernel.ts";
import { everyDispatch, programOf } from "../../src/gpu/program.ts";
import type { GpuCase } from "../stacks/case.ts";
import { gpuOf } from "./gpu.ts";

/** What a buffer holds at first; a number is a size in bytes, filled with NaN. */
export type Contents = Float32Array | Uint32Array | number;

/** One set of buffers, what runs on them, and what must hold afterwards. */
export interface Proof {
  readonly buffers: Readonly<Record<string, Contents>>;
  readonly dispatches: readonly Dispatch[];
  /** How often all of them run, one time after the other; once if not said. */
  readonly times?: number;
  /** Throws where a result is wrong. */
  check(read: Results): void;
}

/** Buffers by name after the dispatches. */
export interface Results {
  f32(name: string): Float32Array;
  u32(name: string): Uint32Array;
}

/**
 * A case that proves kernels by their entry points, on every set of parameters. All sets run in one
 * submission and are read back together. Fails if an entry point it names did not run.
 */
export function kernelCase<P>(
  proves: readonly string[],
  what: string,
  parameters: readonly P[],
  proof: (parameters: P) => Proof,
  features: readonly GPUFeatureName[] = [],
): GpuCase {
  return {
    name: `${proves.join(" ")}: ${what}`,
    features,
    async run(device) {
      const proofs = parameters.map(proof);
      const ran = new Set(proofs.flatMap(({ dispatches }) => dispatches.map(({ kernel }) => kernel.name)));
      const idle = proves.filter((name) => !ran.has(name));
      if (idle.length > 0) throw new Error(`named by the case, but not run: ${idle.join(", ")}`);
      const results = await execute(gpuOf(device), proofs);
      for (const [i, { check }] of proofs.entries()) {
        try {
          check(results[i]!);
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          throw new Error(`${JSON.stringify(parameters[i])}: ${message}`, { cause: error });
        }
      }
    },
  };
}

const GUARD_BYTES = 256;
/** The NaN of guards and of what was not filled, as a word. */
export const POISON = 0x7fc0_dead;

/** Runs every proof's dispatches and reads all buffers back with one mapping. */
async function execute(gpu: Gpu, proofs: readonly Proof[]): Promise<Results[]> {
  const { device } = gpu;
  const encoder = device.createCommandEncoder({ label: "proofs" });
  const runs: ReadonlyMap<string, GPUBuffer>[] = [];
  const executables: Executable[] = [];
  for (const { buffers, dispatches, times = 1 } of proofs) {
    const made = new Map(
      Object.entries(buffers).map(([name, contents]) => [name, makeBuffer(gpu, name, contents)]),
    );
    const program = programOf(dispatches.map(folded), []);
    const executable = await Executable.create(gpu, program, made);
    await executable.prepare(everyDispatch(program));
    const pass = encoder.beginComputePass();
    for (let i = 0; i < times; i++) executable.encode(pass, everyDispatch(program));
    pass.end();
    runs.push(made);
    executables.push(executable);
  }
  const all = runs.flatMap((made) => [...made.values()]);
  const bytes = all.reduce((sum, buffer) => sum + buffer.size, 0);
  const staging = gpu.buffer("results", bytes, GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ);
  const offsets = new Map<GPUBuffer, number>();
  let offset = 0;
  for (const buffer of all) {
    encoder.copyBufferToBuffer(buffer, 0, staging, offset, buffer.size);
    offsets.set(buffer, offset);
    offset += buffer.size;
  }
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const memory = staging.getMappedRange().slice(0);
  for (const executable of executables) executable.dispose();
  for (const buffer of [...all, staging]) gpu.free(buffer);
  return runs.map((made) => resultsOf(made, offsets, memory));
}

function makeBuffer(gpu: Gpu, label: string, contents: Contents): GPUBuffer {
  const bytes = typeof contents === "number" ? contents : contents.byteLength;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffer = gpu.buffer(label, bytes + GUARD_BYTES, usage);
  const words = new Uint32Array(buffer.size / 4).fill(POISON);
  if (typeof contents !== "number")
    words.set(new Uint32Array(contents.buffer, contents.byteOffset, bytes / 4));
  gpu.device.queue.writeBuffer(buffer, 0, words);
  return buffer;
}

/** Whether a kernel reads how many workgroups there are: itself, or in the struct of lib/index. */
export function countsWorkgroups({ name, code }: KernelSource): boolean {
  return new RegExp(`\\bfn ${name}\\([^{]*\\b(?:num_workgroups|Invocation)\\b`).test(code);
}

/**
 * The same workgroups over two dimensions, where the kernel takes them so: dispatches over 65,535 workgroups
 * are folded, and this shows on small ones that the kernel counts them right.
 */
function folded(dispatch: Dispatch): Dispatch {
  const { kernel, workgroups } = dispatch;
  const [x, y, z] = workgroups;
  const rows = [3, 2].find((divisor) => x > divisor && x % divisor === 0);
  return countsWorkgroups(kernel) && y === 1 && rows
    ? { ...dispatch, workgroups: [x / rows, rows, z] }
    : dispatch;
}

function resultsOf(
  made: ReadonlyMap<string, GPUBuffer>,
  offsets: ReadonlyMap<GPUBuffer, number>,
  memory: ArrayBuffer,
): Results {
  const words = (name: string) => {
    const buffer = made.get(name);
    if (!buffer) throw new Error(`no buffer named ${name}`);
    const begin = offsets.get(buffer)!;
    return memory.slice(begin, begin + buffer.size - GUARD_BYTES);
  };
  for (const [name, buffer] of made) {
    const end = offsets.get(buffer)! + buffer.size;
    const guard = new Uint32Array(memory, end - GUARD_BYTES, GUARD_BYTES / 4);
    const changed = guard.findIndex((word) => word !== POISON);
    if (changed >= 0) throw new Error(`${name}: word ${changed} past its end was written`);
  }
  return {
    f32: (name) => new Float32Array(words(name)),
    u32: (name) => new Uint32Array(words(name)),
  };
}
