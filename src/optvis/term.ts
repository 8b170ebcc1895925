/** The terms that objectives are sums of, as plain data; what their specs look like is in `score.ts`. */

interface Weighted {
  /** Multiple, negative where the term is subtracted. */
  readonly weight: number;
  readonly layer: string;
  /** Images of the batch that the term is for; all of them if absent. */
  readonly images?: readonly number[];
}

/** A term that is a mean over positions. */
interface OverPositions extends Weighted {
  /** Positions on every side that the mean leaves out: padding makes them unlike the others. None if absent. */
  readonly border?: number;
}

export interface ChannelTerm extends OverPositions {
  readonly kind: "channel";
  readonly channel: number;
}

/** Every image has its own channel: image n the n-th of the list, round and round. */
export interface ChannelsTerm extends OverPositions {
  readonly kind: "channels";
  readonly channels: readonly number[];
}

export interface NeuronTerm extends Weighted {
  readonly kind: "neuron";
  readonly channel: number;
  /** Row and column; the centre if absent. */
  readonly position?: readonly [y: number, x: number];
}

export interface LayerTerm extends OverPositions {
  readonly kind: "layer";
}

/** Along a direction in channel space, at every position or at one: dot × cosᵖ (Lucid). */
export interface DirectionTerm extends OverPositions {
  readonly kind: "direction";
  readonly direction: readonly (readonly [channel: number, component: number])[];
  readonly position?: readonly [y: number, x: number];
  readonly power: number;
}

/** Every image has its own direction over all channels: image n the n-th of the list. Has no spec. */
export interface DirectionsTerm extends OverPositions {
  readonly kind: "directions";
  readonly directions: readonly Float32Array[];
  readonly power: number;
}

/** From one channel in the first image to another in the last, in equal steps (Lucid's channel interpolation). */
export interface InterpolationTerm extends OverPositions {
  readonly kind: "interpolate";
  readonly from: number;
  readonly to: number;
}

/** The photograph's activation is the direction, position by position: dot × cosᵖ. */
export interface CaricatureTerm extends OverPositions {
  readonly kind: "caricature";
  readonly power: number;
}

/** Minus the mean squared distance from the photograph's activation (Mahendran and Vedaldi 2015). */
export interface InversionTerm extends OverPositions {
  readonly kind: "invert";
}

/** Minus the mean squared distance of Gram matrices from the photograph's (Gatys et al. 2015). */
export interface StyleTerm extends Weighted {
  readonly kind: "style";
}

/** Minus the distance between activations of neighbouring images, halved or so with each image between (Lucid). */
export interface AlignmentTerm extends Weighted {
  readonly kind: "align";
  readonly decay: number;
}

/** Minus the likeness of the images' normalised Gram matrices (Lucid). */
export interface DiversityTerm extends Weighted {
  readonly kind: "diversity";
}

/** What is wrong with the image itself, to be subtracted: see shaders/penalty.wgsl. */
export interface PenaltyTerm extends Weighted {
  readonly kind: "l1" | "l2" | "tv" | "blur";
  readonly layer: typeof IMAGE_LAYER;
  /** Of `l1` and `l2` the value that pixels are drawn to, of `blur` σ in pixels. */
  readonly amount: number;
}

/** The mean opacity of the image's alpha channel, to be subtracted. */
export interface AlphaTerm extends Weighted {
  readonly kind: "alpha";
  readonly layer: typeof IMAGE_LAYER;
}

/** Where penalties stand instead of a layer. */
export const IMAGE_LAYER = "image";

/** A term that reads a layer of the network. */
export type LayeredTerm =
  | ChannelTerm
  | ChannelsTerm
  | NeuronTerm
  | LayerTerm
  | DirectionTerm
  | DirectionsTerm
  | InterpolationTerm
  | CaricatureTerm
  | InversionTerm
  | StyleTerm
  | AlignmentTerm
  | DiversityTerm;

export type Term = LayeredTerm | PenaltyTerm | AlphaTerm;

/** The terms of filter and class visualization: a channel, a unit, a layer; by far the most frequent ones. */
export type PlainTerm = ChannelTerm | NeuronTerm | LayerTerm;

/** Whether the term is for every image and, of a channel or layer, about every position. */
export function isPlain(term: Term): term is PlainTerm {
  if (term.images !== undefined) return false;
  return term.kind === "neuron" || ((term.kind === "channel" || term.kind === "layer") && !term.border);
}

/** A term without its weight. */
export type Score = Term extends infer T ? (T extends Term ? Omit<T, "weight"> : never) : never;

/** The weighted sum of its terms. */
export interface Objective {
  readonly terms: readonly Term[];
}

/** Whether the term is about the image itself and not about a layer. */
export function isPenalty(term: Term): term is PenaltyTerm | AlphaTerm {
  return term.layer === IMAGE_LAYER;
}

/** Whether the term compares with a photograph, which must then be given. */
export function needsPhoto({ kind }: Term): boolean {
  return kind === "caricature" || kind === "invert" || kind === "style";
}

/** Channels of the layer that the term reads; undefined is all of them. */
export function channelsOf(term: Term): readonly number[] | undefined {
  switch (term.kind) {
    case "channel":
    case "neuron":
      return [term.channel];
    case "channels":
      return term.channels;
    case "direction":
      // The cosine has the length of the whole activation in it.
      return term.power === 0 ? term.direction.map(([channel]) => channel) : undefined;
    case "interpolate":
      return [term.from, term.to];
    default:
      return undefined;
  }
}

/** The same term with its channels counted among `rows`, the only ones that are computed. */
export function withinRows<T extends Term>(term: T, rows: readonly number[]): T {
  const at = (channel: number): number => rows.indexOf(channel);
  switch (term.kind) {
    case "channel":
    case "neuron":
      return { ...term, channel: at(term.channel) };
    case "channels":
      return { ...term, channels: term.channels.map(at) };
    case "direction":
      return { ...term, direction: term.direction.map(([channel, x]) => [at(channel), x] as const) };
    case "interpolate":
      return { ...term, from: at(term.from), to: at(term.to) };
    default:
      return term;
  }
}

/** Whether the gradient needs the activation: it must be kept where deeper layers follow. */
export function readsActivation(term: Term): boolean {
  return !isPlain(term) || term.kind === "layer";
}
