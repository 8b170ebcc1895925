/** What the kernels of a term are given, and what they give: the same for every kind. */
import type { BufferRef, Dispatch } from "../../gpu/dispatch.ts";
import type { Shape } from "../../model/network.ts";
import type { TermData } from "./kind.ts";
import type { Term } from "./registry.ts";

/** Where terms ask for buffers; a name asked for again is the same buffer. */
export interface TermMemory {
  buffer(name: string, role: "workspace" | "kept", bytes: number): string;
  /** A buffer that is written once, before the first iteration. */
  table(name: string, data: Float32Array<ArrayBuffer>): string;
}

/** A term at what it reads: the activation of a layer, the image, or the image's opacity. */
export interface TermContext<T extends TermData = Term> {
  readonly term: T;
  /** The term's place in the objective. Its partial sums stand in the slot of that number. */
  readonly index: number;
  readonly batch: number;
  /** Of what it reads, (N,C,H,W). Of a layer, C counts the channels that are computed. */
  readonly shape: Shape;
  /** What was subtracted from the image's RGB; of a layer nothing was, and it is empty. */
  readonly mean: readonly number[];
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
export interface TargetShare {
  readonly from: "activation" | { readonly buffer: string };
  readonly to: string;
  readonly bytes: number;
}

export interface TermPasses {
  /** The value, as partial sums. */
  forward(buffers: ForwardBuffers): Dispatch[];
  /**
   * The gradient with respect to the activation.
   * @param accumulate added to `gradient` instead of set; terms that read the image can only be added
   */
  backward(accumulate: boolean, buffers: BackwardBuffers): Dispatch[];
  readonly targetShare?: TargetShare;
}

/** Key of the live value that holds term i's weight. */
export function weightKey(index: number): string {
  return `weight:${index}`;
}

type Weighed = Pick<TermContext<TermData>, "term" | "index">;

/** A uniform field that is `scale` times the term's weight, now and when the weight changes. */
export function weighted({ term, index }: Weighed, scale: number) {
  return { value: scale * term.weight, live: { scale: { key: weightKey(index), scale } } };
}

/** Table of 1 for every image that the term is for, else 0. */
export function gains({ term, index, batch, memory }: Omit<TermContext<TermData>, "shape" | "mean">): string {
  const one = (n: number): number => (term.images === undefined || term.images.includes(n) ? 1 : 0);
  return memory.table(
    `term${index}.gains`,
    Float32Array.from({ length: batch }, (_, n) => one(n)),
  );
}
