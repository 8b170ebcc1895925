/** What the kernels of a term are given, and what they give: the same for every kind. */
import type { BufferRef, Dispatch } from "../../gpu/dispatch.ts";
import type { Shape } from "../../model/network.ts";
import type { Term } from "../term.ts";

/** Where terms ask for buffers; a name asked for again is the same buffer. */
export interface TermMemory {
  buffer(name: string, role: "workspace" | "kept", bytes: number): string;
  /** A buffer that is written once, before the first iteration. */
  table(name: string, data: Float32Array<ArrayBuffer>): string;
}

/** A term at the layer it reads. */
export interface TermContext<T extends Term = Term> {
  readonly term: T;
  /** The term's place in the objective, which is its slot of partial sums. */
  readonly index: number;
  readonly batch: number;
  /** Of the layer's activation, (N,C,H,W), with the channels that are computed. */
  readonly shape: Shape;
  readonly memory: TermMemory;
}

export interface ForwardBuffers {
  readonly activation: BufferRef;
  readonly partials: BufferRef;
}

export interface BackwardBuffers {
  readonly activation: BufferRef;
  readonly gradient: BufferRef;
}

/** The photograph's share of a term: after a forward pass of it, `bytes` from one buffer to another. */
export interface Capture {
  readonly from: "activation" | { readonly buffer: string };
  readonly to: string;
  readonly bytes: number;
}

export interface TermPasses {
  /** The value, as partial sums. */
  forward(buffers: ForwardBuffers): Dispatch[];
  /** The gradient with respect to the activation, set or added to `gradient`. */
  backward(accumulate: boolean, buffers: BackwardBuffers): Dispatch[];
  readonly capture?: Capture;
}

/** Key of the live value that holds term i's weight. */
export function weightKey(index: number): string {
  return `weight:${index}`;
}

/** A uniform field that is `scale` times the term's weight, now and when the weight changes. */
export function weighted({ term, index }: Pick<TermContext, "term" | "index">, scale: number) {
  return { value: scale * term.weight, live: { scale: { key: weightKey(index), scale } } };
}

/** 1 for every image that the term is for, else 0. */
export function gains({ term, index, batch, memory }: Omit<TermContext, "shape">): string {
  const one = (n: number): number => (term.images === undefined || term.images.includes(n) ? 1 : 0);
  return memory.table(
    `term${index}.gains`,
    Float32Array.from({ length: batch }, (_, n) => one(n)),
  );
}
