import {
  copyDispatch,
  fmaDispatch,
  matmulDispatch,
  measureLimits,
} from "../../../src/engine/kernels/limits.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { absoluteOf, expectExact, expectWithin, noise, roundings } from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";
import { gpuOf } from "../../support/gpu.ts";

interface Chains {
  readonly invocations: number;
  readonly steps: number;
  readonly a: number;
  readonly b: number;
}

/** Around a workgroup; no step, a turn of eight, many; signs that cancel. */
const CHAINS: readonly Chains[] = [
  { invocations: 1, steps: 0, a: 0.5, b: 1 },
  { invocations: 63, steps: 8, a: 0.75, b: 0.125 },
  { invocations: 64, steps: 64, a: 0.9, b: 0.1 },
  { invocations: 65, steps: 16, a: -0.5, b: 0.3 },
];

function chains({ invocations, steps, a, b }: Chains): Proof {
  // What the GPU is given is rounded to float32.
  const coefficients = Float32Array.of(a, b);
  const [a32, b32] = coefficients as unknown as [number, number];
  return {
    buffers: { coefficients, sums: 4 * invocations },
    dispatches: [fmaDispatch(invocations, steps)],
    check(read) {
      const expected = new Float64Array(invocations).fill(twin.limits_fma(a32, b32, steps));
      const bound = expected.map(() => twin.limits_fma(Math.abs(a32), Math.abs(b32), steps));
      // A step is an fma; then the sums of 3 vectors and of 4 components.
      expectWithin("sums", read.f32("sums"), expected, bound, roundings(2 * steps + 10));
    },
  };
}

/** In vectors of four numbers: one, around a workgroup. */
const COPIED = [1, 63, 64, 65, 130] as const;

function copy(vectors: number): Proof {
  const source = noise(1, 4 * vectors);
  return {
    buffers: { source, copied: 16 * vectors },
    dispatches: [copyDispatch(16 * vectors)],
    check: (read) => expectExact("copied", read.f32("copied"), twin.limits_copy(source)),
  };
}

/** One tile; a part of a workgroup; more than one workgroup both ways; every depth around a vector's length. */
const PRODUCTS: readonly (readonly [m: number, n: number, k: number])[] = [
  [8, 8, 1],
  [8, 16, 3],
  [16, 256, 4],
  [24, 264, 5],
  [8, 520, 33],
];

function product(shape: readonly [m: number, n: number, k: number]): Proof {
  const [m, n, k] = shape;
  const [left, right] = [noise(1, k * m), noise(2, k * n)];
  return {
    buffers: { left, right, product: 4 * m * n },
    dispatches: [matmulDispatch(m, n, k)],
    check(read) {
      const [a, b] = [Float64Array.from(left), Float64Array.from(right)];
      const bound = twin.limits_matmul(absoluteOf(a), absoluteOf(b), shape);
      expectWithin("product", read.f32("product"), twin.limits_matmul(a, b, shape), bound, roundings(2 * k));
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(["limits_fma"], "chains of multiply-adds", CHAINS, chains),
  kernelCase(["limits_copy"], "whole and part workgroups", COPIED, copy),
  kernelCase(["limits_matmul"], "tiles and part workgroups", PRODUCTS, product),
  {
    name: "limits: an adapter multiplies faster in registers than in a matrix product",
    async run(device) {
      const gpu = gpuOf(device);
      const before = gpu.allocatedBytes;
      const measured: string[] = [];
      // A machine busy with something else slows the one or the other; not three times in a row.
      for (;;) {
        const limits = await measureLimits(gpu, 30);
        for (const [name, value] of Object.entries(limits)) {
          if (!(value > 0.01 && value < 1e6)) throw new Error(`${name} is ${value}`);
        }
        measured.push(JSON.stringify(limits));
        if (limits.matmulGflops <= 1.25 * limits.fmaGflops) break;
        if (measured.length === 3) throw new Error(measured.join("\n"));
      }
      const left = gpu.allocatedBytes - before;
      if (left !== 0) throw new Error(`${left} bytes are left allocated`);
    },
  },
];
