/** Numbers for the kernels' test cases, and how near a result must come to its float64 twin. */
import { fillUniform } from "../fixtures/hashing.ts";
import type { Tensor } from "../reference/tensor.ts";

/** Half the distance from 1 to the next float32. */
export const EPSILON = 2 ** -24;

/**
 * How far `depth` float32 operations in a row may carry a sum from the exact one, in units of Σ|terms|
 * (Higham 2002, section 3.1: nδ/(1−nδ)). WGSL lets +, − and × round either way, so one errs by up to
 * δ = 2ε, not ε; an fma counts as two.
 */
export function roundings(depth: number): number {
  const error = 2 * EPSILON * depth;
  return error / (1 - error);
}

/** The same for operations in half precision, of 11 bits. */
export function halfRoundings(depth: number): number {
  const error = 2 ** -10 * depth;
  return error / (1 - error);
}

/** WGSL: a division errs by up to 2.5 ULP, so as much as three operations. */
export const DIVISION = 3;

/** Uniform in [−1, 1), the same on every machine. */
export function noise(seed: number, length: number): Float32Array {
  const values = new Float32Array(length);
  fillUniform(values, seed, { offset: -1, scale: 2 });
  return values;
}

/** Multiples of ½ in [−1, 1], so that equal neighbours, 0 and −0 are frequent. */
export function coarseNoise(seed: number, length: number): Float32Array {
  return noise(seed, length).map((value) => Math.round(2 * value) / 2);
}

/** The tensor of absolute values: a linear op of these bounds the terms of its sums. */
export function absolute(x: Tensor): Tensor {
  return { shape: x.shape, data: absoluteOf(x.data) };
}

export function absoluteOf(values: Float64Array): Float64Array {
  return values.map(Math.abs);
}

/** Throws unless both hold the same numbers; 0 and −0 are the same. */
export function expectExact(what: string, got: ArrayLike<number>, expected: ArrayLike<number>): void {
  expectWithin(what, got, expected, expected, 0);
}

/** Throws unless |got − expected| ≤ factor · magnitude for every element; a NaN is never near. */
export function expectWithin(
  what: string,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  magnitude: ArrayLike<number>,
  factor: number,
): void {
  if (got.length !== expected.length || magnitude.length !== expected.length) {
    throw new Error(`${what}: ${got.length} numbers, expected ${expected.length}`);
  }
  for (let i = 0; i < expected.length; i++) {
    const bound = factor * Math.abs(magnitude[i]!);
    const error = Math.abs(got[i]! - expected[i]!);
    if (error <= bound) continue;
    throw new Error(`${what}[${i}] is ${got[i]}, expected ${expected[i]} ± ${bound}`);
  }
}

/** ⟨a, b⟩ in float64. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/**
 * Throws unless ⟨Ax, y⟩ = ⟨x, Aᵀy⟩ for what the GPU made of A and Aᵀ, where every element of either may err
 * by `factor` times |A| or |Aᵀ| applied to absolute values; both pairings bound that by `magnitude`, ⟨|A||x|, |y|⟩.
 */
export function expectAdjoint(
  what: string,
  forward: number,
  backward: number,
  magnitude: number,
  factor: number,
) {
  const error = Math.abs(forward - backward);
  if (error <= 2 * factor * magnitude && magnitude > 0) return;
  throw new Error(`${what}: ⟨Ax,y⟩ = ${forward}, ⟨x,Aᵀy⟩ = ${backward}, bound ${2 * factor * magnitude}`);
}
