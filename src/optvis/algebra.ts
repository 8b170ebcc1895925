/** Sums, differences and multiples of an objective's spec. */
import { InputError } from "../errors.ts";
import { EXAMPLE, show } from "./spec-errors.ts";

/** The factor before a score, at the beginning of a term. */
const FACTOR = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*\*\s*/;

export interface SignedText {
  readonly sign: 1 | -1;
  readonly text: string;
}

/**
 * Splits at ` + ` and ` - ` outside quotes.
 * @throws InputError for a quote that is not closed, and where one of these stands without a term on a side
 */
export function splitTerms(spec: string): readonly SignedText[] {
  const terms: SignedText[] = [];
  const joiner = /(?<=^|\s)([+-])(?:\s+|$)/y;
  let sign: 1 | -1 = 1;
  let begin = 0;
  let quoted = false;
  for (let at = 0; at < spec.length; at++) {
    if (spec[at] === '"') quoted = !quoted;
    joiner.lastIndex = at;
    const found = quoted ? null : joiner.exec(spec);
    if (found === null) continue;
    const text = spec.slice(begin, at);
    if (text.trim() === "")
      throw missing(spec, terms.length > 0 ? `after ${mark(sign)}` : `before ${found[1]}`);
    terms.push({ sign, text });
    sign = found[1] === "-" ? -1 : 1;
    begin = joiner.lastIndex;
    at = begin - 1;
  }
  if (quoted) throw new InputError(`objective ${show(spec)}: a quote is not closed`, { remedy: EXAMPLE });
  const text = spec.slice(begin);
  if (terms.length > 0 && text.trim() === "") throw missing(spec, `after ${mark(sign)}`);
  return [...terms, { sign, text }];
}

function mark(sign: 1 | -1): string {
  return sign < 0 ? "-" : "+";
}

function missing(spec: string, where: string): InputError {
  return new InputError(`objective ${show(spec)}: a term is missing ${where}`, { remedy: EXAMPLE });
}

/** A term without its weight, as text. */
export interface WeighedText {
  readonly weight: number;
  readonly score: string;
}

/** @throws InputError for a factor that is not finite, or that stands alone */
export function weighTerm({ sign, text }: SignedText): WeighedText {
  const trimmed = text.trim();
  const factor = FACTOR.exec(trimmed);
  const weight = sign * Number(factor?.[1] ?? 1);
  if (!Number.isFinite(weight)) throw new InputError(`objective ${show(trimmed)}: the factor is not finite`);
  const score = trimmed.slice(factor?.[0].length ?? 0);
  if (factor && score === "") throw missing(trimmed, `after ${trimmed}`);
  return { weight, score };
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
