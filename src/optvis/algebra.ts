/** Sums, differences and multiples of an objective's spec. */
import { InputError } from "../errors.ts";
import { EXAMPLE, show } from "./spec-errors.ts";

/** The factor before a score, at the beginning of a term. */
export const FACTOR = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*\*\s*/;

export interface SignedText {
  readonly sign: 1 | -1;
  readonly text: string;
}

/** Splits at ` + ` and ` - ` outside quotes. */
export function splitTerms(spec: string): readonly SignedText[] {
  const terms: SignedText[] = [];
  const joiner = /\s+([+-])\s+/y;
  let sign: 1 | -1 = 1;
  let begin = 0;
  let quoted = false;
  for (let at = 0; at < spec.length; at++) {
    if (spec[at] === '"') quoted = !quoted;
    joiner.lastIndex = at;
    const found = quoted ? null : joiner.exec(spec);
    if (found === null) continue;
    terms.push({ sign, text: spec.slice(begin, at) });
    sign = found[1] === "-" ? -1 : 1;
    begin = joiner.lastIndex;
    at = begin - 1;
  }
  if (quoted) throw new InputError(`objective ${show(spec)}: a quote is not closed`, { remedy: EXAMPLE });
  return [...terms, { sign, text: spec.slice(begin) }];
}
