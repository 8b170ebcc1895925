/**
 * What a kind of term is made of: its data, its text, what it reads, its kernels. Every kind is a module of this folder
 * and a line of `registry.ts`; the parser, the help, the engine and the page ask it, and know no kind by name.
 */
import type { Network } from "../../model/network.ts";
import type { TermContext, TermPasses } from "./context.ts";
import type { Term, TermKindName } from "./registry.ts";
import type { TermText } from "./text.ts";

/** A term as plain data: what every kind has. */
export interface TermData {
  /** The module's name in the registry. */
  readonly kind: TermKindName;
  /** Multiple, negative where the term is subtracted. */
  readonly weight: number;
  /** The layer that the term reads, or `IMAGE_LAYER`. */
  readonly layer: string;
  /** Images of the batch that the term is for; all of them if absent. */
  readonly images?: readonly number[];
}

/** Stands instead of a layer in terms that read the image itself. */
export const IMAGE_LAYER = "image";

/** A term that is a mean over positions. */
export interface OverPositions extends TermData {
  /** Positions on every side that the mean leaves out: padding makes them unlike the others. None if absent. */
  readonly border?: number;
}

/** A term that can be about one position of its layer. */
export interface AtPosition extends TermData {
  /** Row and column. */
  readonly position?: readonly [y: number, x: number];
}

/** A term before its weight is known. */
export type Unweighted<T> = T extends unknown ? Omit<T, "weight"> : never;

/** What can be written in an objective: a row of the help and of the papers' tables. */
export interface Form {
  /** Capitals stand for what one fills in, brackets for what can be left out. */
  readonly written: readonly string[];
  readonly says: string;
}

/** Which channels of the layer a term reads, where that is not all of them: the others need not be computed. */
export interface SomeChannels<T> {
  /** Undefined for a term that reads all of them. */
  of(term: T): readonly number[] | undefined;
  /** The same term where only some channels are computed: `at` gives each channel's place among them. */
  among(term: T, at: (channel: number) => number): T;
}

/** How controls and labels show a term. They choose its `channel` and its position where it has them. */
export interface Subject<T> {
  /** A term of this kind, of weight 1. */
  make(layer: string, channel: number): T;
  title(term: T): string;
  /** Where in the layer that is. @param channels of the layer */
  place(term: T, channels: number): string;
}

/** @template T the kind's terms */
export interface TermKind<T extends TermData = Term> {
  /** The ways to write it; none for terms that only methods make. */
  readonly forms: readonly Form[];
  /** How its text is read, by the word before the first colon. */
  readonly spellings: Readonly<Record<string, (given: TermText) => Unweighted<Term>>>;
  /** The text of a term without weight, border and images; its spelling reads it back. */
  format(term: T, network: Network): string;

  /** What the kernels read: a layer's activation, the image's RGB, or its opacity. */
  readonly reads: "layer" | "colours" | "opacity";
  /** Whether it compares with a photograph, which must then be given. */
  readonly photo: boolean;
  /**
   * What it asks of a batch: the `same` of every image, how they are `compared` with each other, or of every image
   * something else; then it is the number of images that differ.
   */
  readonly batch: "same" | "compared" | ((term: T) => number);
  readonly channels: "all" | SomeChannels<T>;
  /** Whether it is a mean over positions, which a border can make smaller. */
  readonly border: Has<T, "border", true, false>;
  /** Whether it is about all positions, about one (the centre, if not said), or about all unless one is said. */
  readonly positions: Has<T, "position", "one" | "all or one", "all">;
  /** What its gradient needs: nothing, the activation, or also what the forward kernels leave in buffers. */
  gradientReads(term: T): "nothing" | "activation" | "forward";

  passes(context: TermContext<T>): TermPasses;
  readonly subject?: Subject<T>;
}

/** The answers of a kind that reads a layer's whole activation, of each image by itself. */
export const wholeActivation = {
  reads: "layer",
  batch: "same",
  channels: "all",
  border: true,
  positions: "all",
  gradientReads: () => "activation",
} as const satisfies Partial<TermKind<OverPositions>>;

type Has<T, Field extends string, Yes, No> = T extends unknown ? (Field extends keyof T ? Yes : No) : never;

/** A kind whose terms controls can choose. */
export interface SubjectKind<T extends TermData> extends TermKind<T> {
  readonly subject: Subject<T>;
}

/** Whether a term is for every image and has no border. */
export function coversAll(term: TermData): boolean {
  return term.images === undefined && !("border" in term && term.border);
}
