/** A term of an objective on one layer, its kernels and their buffers, for cases that prove them. */
import type { Shape } from "../../src/model/network.ts";
import { partialsBytes, reduceTotal } from "../../src/optvis/reduce.ts";
import type { TermMemory } from "../../src/optvis/terms/context.ts";
import { type Term, termPasses } from "../../src/optvis/terms/registry.ts";
import { innerPositions, type Positions } from "../reference/positions.ts";
import { type Shape4, sizeOf, type Tensor, tensor } from "../reference/tensor.ts";
import { expectWithin, noise, roundings } from "./compare.ts";
import type { Contents, Proof } from "./execute.ts";

export interface Placed<T extends Term> {
  readonly term: T;
  readonly batch: number;
  readonly shape: Shape;
  /** Place of the term in its objective. */
  readonly index: number;
}

/** Remembers what kernels ask for, as a `Proof` wants it. */
export class ProofMemory implements TermMemory {
  readonly buffers: Record<string, Contents> = {};

  buffer(name: string, _role: string, bytes: number): string {
    this.buffers[name] ??= bytes;
    return name;
  }

  table(name: string, data: Float32Array<ArrayBuffer>): string {
    this.buffers[name] = data;
    return name;
  }
}

/** What a term must come to: value and gradient without its weight, and bounds of their errors. */
export interface Expected {
  readonly value: Float64Array;
  readonly valueBound: Float64Array;
  readonly gradient: Tensor;
  readonly gradientBound: Float64Array;
  /** Float32 operations in a row of the value and the gradient. */
  readonly depths: readonly [value: number, gradient: number];
  /** Further relative error, of functions that are not correctly rounded. */
  readonly extra?: number;
}

/**
 * Value, gradient, and gradient added to what is there.
 * @param a (N,C,H,W)
 * @param contents of buffers that the kernels find filled, such as the photograph's share
 * @param check further buffers
 */
export function termProof<T extends Term>(
  { term, batch, shape, index }: Placed<T>,
  a: Tensor,
  contents: Readonly<Record<string, Float32Array>>,
  { value, valueBound, gradient, gradientBound, depths, extra = 0 }: Expected,
): Proof {
  const memory = new ProofMemory();
  const { forward, backward } = termPasses({ term, index, batch, shape, mean: [], memory });
  const before = noise(77, a.data.length);
  const total = { batch, firstSlot: index, slots: 1, ring: 1 };
  const weight = Math.abs(term.weight);
  const dispatches = [
    ...forward({ activation: "a", partials: "partials" }),
    reduceTotal("value", total, { finished: "partials", state: "state", totals: "value" }),
    ...backward(false, { activation: "a", gradient: "seed" }),
    ...backward(true, { activation: "a", gradient: "added" }),
  ];
  return {
    buffers: {
      ...memory.buffers,
      ...contents,
      a: Float32Array.from(a.data),
      partials: partialsBytes(batch, index + 1),
      state: new Uint32Array(4),
      value: 4 * batch,
      seed: 4 * a.data.length,
      added: before,
    },
    dispatches,
    check(read) {
      const scaled = (xs: Float64Array, by: number) => xs.map((x) => by * x);
      const [valueError, error] = depths.map((depth) => roundings(depth) + extra) as [number, number];
      expectWithin(
        "value",
        read.f32("value"),
        scaled(value, term.weight),
        scaled(valueBound, weight),
        valueError,
      );
      const seed = scaled(gradient.data, term.weight);
      const seedBound = scaled(gradientBound, weight);
      expectWithin("seed", read.f32("seed"), seed, seedBound, error);
      const added = seed.map((x, i) => x + before[i]!);
      const addedBound = seedBound.map((x, i) => x + Math.abs(before[i]!));
      expectWithin("added seed", read.f32("added"), added, addedBound, error + roundings(1));
    },
  };
}

export function activation(seed: number, batch: number, { channels, height, width }: Shape): Tensor {
  const shape: Shape4 = [batch, channels, height, width];
  return tensor(shape, noise(seed, sizeOf(shape)));
}

/** Without the term's border, if it has one. */
export function positionsOf({ term, shape }: Placed<Term>): Positions {
  return innerPositions([shape.height, shape.width], "border" in term ? term.border : 0);
}
