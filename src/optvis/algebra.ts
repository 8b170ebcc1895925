/** Sums, differences and multiples of an objective's spec. */
import { InputError } from "../errors.ts";
import { EXAMPLE, show } from "./spec-errors.ts";

/** The factor before a score, at the beginning of a term. */
const FACTOR = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*\*\s*/;

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

/** A term without its weight, as text. */
export interface WeighedText {
  readonly weight: number;
  readonly score: string;
}

/** @throws InputError for a factor that is not finite */
export function weighTerm({ sign, text }: SignedText): WeighedText {
  const trimmed = text.trim();
  const factor = FACTOR.exec(trimmed);
  const weight = sign * Number(factor?.[1] ?? 1);
  if (!Number.isFinite(weight)) throw new InputError(`objective ${show(trimmed)}: the factor is not finite`);
  return { weight, score: trimmed.slice(factor?.[0].length ?? 0) };
}

/**
 * The weights of a spec's terms, if it differs in them alone from another one.
 * @returns undefined for specs of other terms, or that cannot be taken apart
 */
export function reweighed(before: string, spec: string): readonly number[] | undefined {
  try {
    const [old, now] = [before, spec].map((text) => splitTerms(text).map(weighTerm)) as [
      WeighedText[],
      WeighedText[],
    ];
    const same = old.length === now.length && old.every(({ score }, i) => score === now[i]?.score);
    return same ? now.map(({ weight }) => weight) : undefined;
  } catch {
    return undefined;
  }
}
