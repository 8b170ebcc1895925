/** Every kind of term, one line each, in the order of the help. A kind that is not here does not compile. */

import { align } from "./align.ts";
import { alpha } from "./alpha.ts";
import { blur } from "./blur.ts";
import { caricature } from "./caricature.ts";
import { channel } from "./channel.ts";
import { channels } from "./channels.ts";
import type { TermContext, TermPasses } from "./context.ts";
import { direction } from "./direction.ts";
import { directions } from "./directions.ts";
import { diversity } from "./diversity.ts";
import { interpolate } from "./interpolate.ts";
import { invert } from "./invert.ts";
import type { TermKind } from "./kind.ts";
import { l1 } from "./l1.ts";
import { l2 } from "./l2.ts";
import { layer } from "./layer.ts";
import { neuron } from "./neuron.ts";
import { style } from "./style.ts";
import { tv } from "./tv.ts";

export const termKinds = {
  channel,
  channels,
  neuron,
  layer,
  direction,
  directions,
  interpolate,
  caricature,
  invert,
  style,
  align,
  diversity,
  l1,
  l2,
  tv,
  blur,
  alpha,
};

type TermKinds = typeof termKinds;
export type TermKindName = keyof TermKinds;
type TermOf<Name extends TermKindName> = Parameters<TermKinds[Name]["format"]>[0];

/** A weighted term of an objective. */
export type Term = { [Name in TermKindName]: TermOf<Name> }[TermKindName];

/** Terms that controls can choose. */
export type PlainTerm = {
  [Name in TermKindName]: TermKinds[Name] extends { readonly subject: unknown } ? TermOf<Name> : never;
}[TermKindName];

/** The module of a term's kind. */
export function kindOf<T extends Term>(term: T): TermKind<T> {
  // The compiler does not see that the module under a term's `kind` is the one of its type.
  return termKinds[term.kind] as unknown as TermKind<T>;
}

/** The kernels of a term. */
export function termPasses(context: TermContext): TermPasses {
  return kindOf(context.term).passes(context);
}
