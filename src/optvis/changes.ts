/**
 * What is changed while an ascent runs, as a recipe holds it: `40:lr=0.1,60:blur=1.5,60:weight1=-0.5`. Each entry says
 * from which iteration on, counted from 0, which live field has which value. `weight1` is the weight of the objective's
 * second term. `iterations` says that the ascent ends after others than it was planned for.
 */
import { InputError, shown } from "../errors.ts";
import { joinTerms, weighedTerms } from "./algebra.ts";
import { checkValue, type Table } from "./field.ts";

export interface Change {
  /** The first iteration, from 0, that has the new value. */
  readonly at: number;
  /** A live field, `weightN` or `iterations`. */
  readonly field: string;
  readonly value: number;
}

/** How none are written. */
export const NO_CHANGES = "none";

const ENTRY = /^(\d{1,9}):([a-zA-Z]+\d*)=([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i;
const WEIGHT = /^weight(\d{1,4})$/;

/**
 * The changes of a text in the order of their iterations.
 * @param rows of a recipe's fields
 * @throws InputError naming the entry, and what it may be
 */
export function parseChanges(text: string, rows: Table): Change[] {
  const list = text.trim();
  if (list === "" || list === NO_CHANGES) return [];
  const changes = list.split(",").map((entry) => parseChange(entry.trim(), rows));
  return changes.sort((one, other) => one.at - other.at);
}

function parseChange(entry: string, rows: Table): Change {
  const [, at = "", field = "", number = ""] = ENTRY.exec(entry) ?? [];
  const row = Object.hasOwn(rows, field) ? rows[field] : undefined;
  const may = row?.kind === "number" && (row.live === "always" || field === "iterations");
  if (!may && !WEIGHT.test(field)) {
    const live = Object.keys(rows).filter((name) => rows[name]?.live === "always");
    throw new InputError(`changes: ${shown(entry)} is no change`, {
      remedy: `use ITERATION:FIELD=VALUE, for example 40:lr=0.1, with one of ${live.join(", ")}, weight0, weight1, … and iterations`,
    });
  }
  const value = Number(number);
  if (row) checkValue(`changes: ${entry}: ${field}`, row, value);
  else if (!Number.isFinite(value))
    throw new InputError(`changes: ${shown(entry)}: the weight is not finite`);
  return { at: Number(at), field, value };
}

export function formatChanges(changes: readonly Change[]): string {
  return changes.map(({ at, field, value }) => `${at}:${field}=${value}`).join(",") || NO_CHANGES;
}

/** Which term's weight a change is about, from 0; undefined where it is about a field. */
export function termOf({ field }: Change): number | undefined {
  const index = WEIGHT.exec(field)?.[1];
  return index === undefined ? undefined : Number(index);
}

/** The change of a term's weight. */
export function weightChange(at: number, term: number, value: number): Change {
  return { at, field: `weight${term}`, value };
}

/**
 * The objective with other weights of its terms.
 * @param weights by a term's index
 * @throws InputError for a term that it does not have
 */
export function withWeights(objective: string, weights: ReadonlyMap<number, number>): string {
  if (weights.size === 0) return objective;
  const terms = weighedTerms(objective) ?? [];
  const most = Math.max(...weights.keys());
  if (most >= terms.length) {
    throw new InputError(`changes: weight${most}: the objective has ${terms.length} terms, counted from 0`);
  }
  return joinTerms(terms.map(({ weight, text }, i) => ({ text, weight: weights.get(i) ?? weight })));
}
