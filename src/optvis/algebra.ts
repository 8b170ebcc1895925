/** Specs of objectives as sums of terms: taken apart and put together, whatever the terms are. */
import { InputError, shown } from "../errors.ts";
import { EXAMPLE } from "./spec-errors.ts";

/** Longer specs are refused before they cost anything. A direction over 4,096 channels takes about 75,000. */
export const MAX_SPEC_LENGTH = 2 ** 17;

/** What may stand before a term: a number with a star, or a sign alone. */
const FACTOR = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*\*\s*/;
const SIGN = /^([+-])\s*(?=[^\s+-])/;

export interface SignedText {
  readonly sign: 1 | -1;
  readonly text: string;
}

/**
 * Splits at ` + ` and ` - ` outside quotes. The first term may have a sign, too.
 * @throws InputError for a quote that is not closed, and where one of these stands without a term on a side
 */
export function splitTerms(spec: string): readonly SignedText[] {
  const terms: SignedText[] = [];
  const joiner = /(?<=^|\s)([+-])(?:\s+|$)/y;
  let sign: 1 | -1 = 1;
  let begin = 0;
  let signed = false;
  let quoted = false;
  for (let at = 0; at < spec.length; at++) {
    if (spec[at] === '"') quoted = !quoted;
    joiner.lastIndex = at;
    const found = quoted ? null : joiner.exec(spec);
    if (found === null) continue;
    const text = spec.slice(begin, at);
    if (text.trim() !== "") terms.push({ sign, text });
    else if (signed) throw missing(spec, sign);
    sign = found[1] === "-" ? -1 : 1;
    signed = true;
    begin = joiner.lastIndex;
    at = begin - 1;
  }
  if (quoted) throw new InputError(`objective ${shown(spec)}: a quote is not closed`, { remedy: EXAMPLE });
  const text = spec.slice(begin);
  if (signed && text.trim() === "") throw missing(spec, sign);
  return [...terms, { sign, text }];
}

function missing(spec: string, after: 1 | -1 | string): InputError {
  const mark = after === 1 ? "+" : after === -1 ? "-" : after;
  return new InputError(`objective ${shown(spec)}: a term is missing after ${mark}`, { remedy: EXAMPLE });
}

/** A term's weight, and its text without it. */
export interface WeighedText {
  readonly weight: number;
  readonly text: string;
}

/** @throws InputError for a factor that is not finite, or that stands alone */
export function weighTerm({ sign, text }: SignedText): WeighedText {
  const trimmed = text.trim();
  const factor = FACTOR.exec(trimmed) ?? SIGN.exec(trimmed);
  const before = factor?.[1] ?? "";
  const weight = sign * Number(/^[+-]?$/.test(before) ? `${before}1` : before);
  if (!Number.isFinite(weight)) throw new InputError(`objective ${shown(trimmed)}: the factor is not finite`);
  const rest = trimmed.slice(factor?.[0].length ?? 0);
  if (factor && rest === "") throw missing(trimmed, trimmed);
  return { weight, text: rest };
}

/** A sum's text of its terms' texts and weights; `splitTerms` and `weighTerm` take it apart again. */
export function joinTerms(terms: readonly WeighedText[]): string {
  return terms
    .map(({ weight, text }, i) => {
      const factor = Math.abs(weight) === 1 ? "" : `${Math.abs(weight)}*`;
      const sign = i > 0 ? (weight < 0 ? " - " : " + ") : weight < 0 ? "-" : "";
      return `${sign}${factor}${text}`;
    })
    .join("");
}

/**
 * The weights of a spec's terms, if it differs in them alone from another one.
 * @returns undefined for specs of other terms, or that cannot be taken apart
 */
export function reweighed(before: string, spec: string): readonly number[] | undefined {
  const [old, now] = [weighedTerms(before), weighedTerms(spec)];
  const same = old?.length === now?.length && old?.every(({ text }, i) => text === now?.[i]?.text);
  return same ? now?.map(({ weight }) => weight) : undefined;
}

/** The terms of a spec; undefined where it cannot be taken apart. */
export function weighedTerms(spec: string): readonly WeighedText[] | undefined {
  try {
    return splitTerms(spec).map(weighTerm);
  } catch {
    return undefined;
  }
}

/** How a term is spelled: what stands before its first colon. */
export function wordOf(text: string): string {
  const colon = text.indexOf(":");
  return colon < 0 ? text : text.slice(0, colon);
}

/** What follows a term's first colon; undefined where there is none. */
export function argumentOf(text: string): string | undefined {
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : text.slice(colon + 1);
}

/** Whether a term is spelled `WORD:`; of a spec that cannot be taken apart, whether it begins so. */
export function mentions(spec: string, word: string): boolean {
  const terms = weighedTerms(spec) ?? [{ text: spec.trim() }];
  return terms.some(({ text }) => text.startsWith(`${word}:`));
}
