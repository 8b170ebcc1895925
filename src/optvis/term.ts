/** The terms that objectives are sums of, as plain data, and what may be asked of any of them. */
import { type AtPosition, coversAll } from "./terms/kind.ts";
import { kindOf, type PlainTerm, type Term } from "./terms/registry.ts";

export { IMAGE_LAYER } from "./terms/kind.ts";
export type { PlainTerm, Term } from "./terms/registry.ts";

/** The weighted sum of its terms. */
export interface Objective {
  readonly terms: readonly Term[];
}

/** Whether the term is about the image itself and not about a layer. */
export function isPenalty(term: Term): boolean {
  return kindOf(term).reads !== "layer";
}

/** Whether the term reads the image's alpha channel, which it must then have. */
export function readsOpacity(term: Term): boolean {
  return kindOf(term).reads === "opacity";
}

/** Whether the term compares with a photograph, which must then be given. */
export function needsPhoto(term: Term): boolean {
  return kindOf(term).photo;
}

/** Whether the term compares the images of a batch with each other. */
export function comparesImages(term: Term): boolean {
  return kindOf(term).batch === "compared";
}

/** Of how many images of a batch the term asks something different. */
export function imagesOf(term: Term): number {
  const { batch } = kindOf(term);
  return typeof batch === "function" ? batch(term) : 1;
}

/** Whether the term means something for one image by itself, whatever the others are. */
export function isOfOneImage(term: Term): boolean {
  return kindOf(term).batch === "same" && term.images === undefined;
}

/** Channels of the layer that the term reads; undefined is all of them. */
export function channelsOf(term: Term): readonly number[] | undefined {
  const { channels } = kindOf(term);
  return channels === "all" ? undefined : channels.of(term);
}

/** The same term with its channels counted among `rows`, the only ones that are computed. */
export function withinRows(term: Term, rows: readonly number[]): Term {
  const { channels } = kindOf(term);
  return channels === "all" ? term : channels.among(term, (channel) => rows.indexOf(channel));
}

/** Row and column of the one position that the term is about, where it is about one. */
export function positionOf(term: Term): AtPosition["position"] {
  return "position" in term ? term.position : undefined;
}

/** Whether the gradient needs the activation: it must be kept where deeper layers follow. */
export function readsActivation(term: Term): boolean {
  return kindOf(term).gradientReads(term) !== "nothing";
}

/** Whether the gradient needs what the term's forward kernels leave; if not, they serve the value alone. */
export function readsForward(term: Term): boolean {
  return kindOf(term).gradientReads(term) === "forward";
}

/** A term that is about one channel, a class's among them. */
export type UnitTerm = Extract<Term, { readonly channel: number }>;

export function isUnit(term: Term): term is UnitTerm {
  return "channel" in term;
}

/** Whether controls can show the term: one of the kinds they choose, for every image and without a border. */
export function isPlain(term: Term): term is PlainTerm {
  return coversAll(term) && kindOf(term).subject !== undefined;
}
