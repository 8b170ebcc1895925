/** One term of an objective without its weight, from text to data and back. What kinds there are: `terms/registry.ts`. */
import { InputError, shown } from "../errors.ts";
import type { Network } from "../model/network.ts";
import { argumentOf, weighedTerms, wordOf } from "./algebra.ts";
import { EXAMPLE } from "./spec-errors.ts";
import type { Form, TermKind, Unweighted } from "./terms/kind.ts";
import { kindOf, type Term, termKinds } from "./terms/registry.ts";
import type { TermText } from "./terms/text.ts";

const kinds: readonly TermKind[] = Object.values(termKinds) as readonly unknown[] as readonly TermKind[];
const spellings = new Map(
  kinds.flatMap((kind) => Object.entries(kind.spellings).map(([word, parse]) => [word, { kind, parse }])),
);

/** How each kind of term is written, in the order of the help. */
export const termForms: readonly Form[] = kinds.flatMap(({ forms }) => forms);

/** The words of the kinds whose mean over positions can leave out a border. */
export const bordered: readonly string[] = [...spellings]
  .filter(([, { kind }]) => kind.border)
  .map(([word]) => word);

/** Whether an objective has a term that compares with a photograph; false where it cannot be taken apart. */
export function comparesWithPhoto(spec: string): boolean {
  return weighedTerms(spec)?.some(({ text }) => spellings.get(wordOf(text))?.kind.photo) ?? false;
}

/** Term, border and images: `channel:conv3_4:17:border=2[0,2]`. */
const PARTS = /^(.*?[^\s])(?::border=(\d{1,4}))?(?:\[\s*(\d{1,3}(?:\s*,\s*\d{1,3})*)\s*\])?$/;

/**
 * @param text a term without its weight
 * @throws InputError naming what was expected
 */
export function parseTerm(text: string, network: Network): Unweighted<Term> {
  const [, core = text, border, images] = PARTS.exec(text) ?? [];
  const read = readCore(core, network);
  const term = border === undefined ? read : leavingOut(Number(border), read, text);
  if (images === undefined) return term;
  if (kindOf(term as Term).batch !== "compared") return { ...term, images: images.split(",").map(Number) };
  throw new InputError(`objective ${shown(text)}: ${term.kind} is about the whole batch`, {
    remedy: `write it without [${images}]`,
  });
}

function leavingOut(border: number, term: Unweighted<Term>, text: string): Unweighted<Term> {
  if (kindOf(term as Term).border && !("position" in term)) return { ...term, border } as Unweighted<Term>;
  throw new InputError(
    `objective ${shown(text)}: ${wordOf(text)} is no mean over positions, and has no border`,
    {
      remedy: `a border goes with ${listed(bordered, "and")}`,
    },
  );
}

function readCore(text: string, network: Network): Unweighted<Term> {
  const word = wordOf(text);
  const argument = argumentOf(text);
  const spelling = spellings.get(word);
  if (spelling && (argument !== undefined || spelling.kind.reads !== "layer")) {
    const [layer = "", ...parts] = argument?.split(":") ?? [];
    return spelling.parse({ text, argument, layer, parts, network } satisfies TermText);
  }
  const words = [...spellings].map(([word, { kind }]) => (kind.reads === "layer" ? `${word}:` : word));
  throw new InputError(`objective ${shown(text)}: expected ${listed(words, "or")}`, { remedy: EXAMPLE });
}

/** `A, B and C`. */
export function listed(words: readonly string[], last: "and" | "or"): string {
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

/** The text of a term without its weight; `parseTerm` reads it back. Logits are written as classes. */
export function formatTerm(term: Term, network: Network): string {
  const border = "border" in term && term.border !== undefined ? `:border=${term.border}` : "";
  const images = term.images === undefined ? "" : `[${term.images.join(",")}]`;
  return `${kindOf(term).format(term, network)}${border}${images}`;
}
