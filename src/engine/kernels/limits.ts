/** What the adapter can do at best, measured by the kernels of shaders/limits.wgsl. */
import { limits_copy, limits_fma, limits_matmul } from "../../../shaders/limits.wgsl";
import type { Gpu } from "../../gpu/device.ts";
import { type Dispatch, dispatch } from "../../gpu/dispatch.ts";
import { Executable } from "../../gpu/executable.ts";
import { programOf } from "../../gpu/program.ts";
import { trialOf } from "../../gpu/timing.ts";

export interface Limits {
  /** Multiply-adds in registers, 10⁹ multiplications and additions a second. */
  readonly fmaGflops: number;
  /** Copying between two buffers too large for most caches, 10⁹ bytes read or written a second. */
  readonly copyGbs: number;
  /** A plain register-tiled matrix product, 512×1152 by 1152×768, 10⁹ multiplications and additions a second. */
  readonly matmulGflops: number;
}

/** Chains of one invocation of `limits_fma`. */
const CHAINS = 12;

/** @param size of the copy in bytes, a multiple of 16 */
export function copyDispatch(size: number): Dispatch {
  return dispatch(limits_copy, {
    label: "limits copy",
    buffers: { source: "source", copied: "copied" },
    uniform: {},
    overrides: { COUNT: size / 16 },
    workgroups: [Math.ceil(size / 16 / 64), 1, 1],
    bytes: 2 * size,
  });
}

/** @param steps a multiple of 8 */
export function fmaDispatch(invocations: number, steps: number): Dispatch {
  return dispatch(limits_fma, {
    label: "limits fma",
    buffers: { coefficients: "coefficients", sums: "sums" },
    uniform: {},
    overrides: { COUNT: invocations, STEPS: steps },
    workgroups: [Math.ceil(invocations / 64), 1, 1],
    flops: 2 * CHAINS * steps * invocations,
  });
}

/** `left` (k,m), `right` (k,n), `product` (m,n); m and n are multiples of 8. */
export function matmulDispatch(m: number, n: number, k: number): Dispatch {
  return dispatch(limits_matmul, {
    label: "limits matmul",
    buffers: { left: "left", right: "right", product: "product" },
    uniform: {},
    overrides: { M: m, N: n, K: k },
    workgroups: [Math.ceil(n / 256), m / 8, 1],
    flops: 2 * m * n * k,
  });
}

/** Measures all three in about `3 · milliseconds`, and as much again to find how often to run each. */
export async function measureLimits(gpu: Gpu, milliseconds = 200): Promise<Limits> {
  return {
    fmaGflops: await measureFma(gpu, milliseconds),
    copyGbs: await measureCopy(gpu, milliseconds),
    matmulGflops: await measureMatmul(gpu, milliseconds),
  };
}

/** The reference product alone, GFLOP/s. */
export async function measureMatmul(gpu: Gpu, milliseconds = 200): Promise<number> {
  const [m, n, k] = [512, 768, 1152] as const;
  const work = matmulDispatch(m, n, k);
  const sizes = { left: 4 * m * k, right: 4 * k * n, product: 4 * m * n };
  return work.flops / 1e6 / (await medianTime(gpu, work, sizes, milliseconds));
}

/** Enough invocations for the widest devices; a slow one takes half a second for them. */
async function measureFma(gpu: Gpu, milliseconds: number): Promise<number> {
  const work = fmaDispatch(65536, 512);
  const sizes = { coefficients: 8, sums: 4 * 65536 };
  return work.flops / 1e6 / (await medianTime(gpu, work, sizes, milliseconds));
}

async function measureCopy(gpu: Gpu, milliseconds: number): Promise<number> {
  const size = 32 * 2 ** 20;
  return (
    (2 * size) /
    1e6 /
    (await medianTime(gpu, copyDispatch(size), { source: size, copied: size }, milliseconds))
  );
}

const ROUNDS = 3;

/** Median milliseconds of one run, from ROUNDS rounds that fill `milliseconds` together. */
async function medianTime(
  gpu: Gpu,
  work: Dispatch,
  sizes: Readonly<Record<string, number>>,
  milliseconds: number,
): Promise<number> {
  const buffers = Object.entries(sizes).map(([name, bytes]) => ({ name, bytes }));
  const executable = await Executable.create(gpu, programOf([work], buffers));
  try {
    const trial = await trialOf(executable);
    for (const { name } of buffers) fillOrdinarily(gpu, executable.buffer(name) as GPUBuffer);
    await trial.time(1);
    const one = Math.max(await trial.time(1), 1e-3);
    const repeats = Math.max(1, Math.min(1000, Math.round(milliseconds / ROUNDS / one)));
    const times: number[] = [];
    for (let i = 0; i < ROUNDS; i++) times.push(await trial.time(repeats));
    return times.sort((a, b) => a - b)[ROUNDS >> 1] as number;
  } finally {
    executable.dispose();
  }
}

/** Writes ordinary numbers: zeros and denormals may run at another speed. */
function fillOrdinarily(gpu: Gpu, buffer: GPUBuffer): void {
  const chunk = new Float32Array(Math.min(buffer.size / 4, 2 ** 18)).map((_, i) => 0.5 + (i % 97) / 256);
  for (let offset = 0; offset < buffer.size; offset += chunk.byteLength) {
    const count = Math.min(chunk.length, (buffer.size - offset) / 4);
    gpu.device.queue.writeBuffer(buffer, offset, chunk, 0, count);
  }
}
