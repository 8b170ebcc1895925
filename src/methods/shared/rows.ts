/** Settings that several methods have: rows with the recipe's bounds. */
import { type NumberRow, number } from "../../optvis/field.ts";
import { recipeFields } from "../../optvis/recipe-fields.ts";

/** What a method says of a row that it shares with others. */
type Said = Pick<NumberRow, "default" | "help"> & Partial<Pick<NumberRow, "leftOut">>;

/** The same bounds as the recipe's field. */
export function boundsOf({ least, most, whole }: Pick<NumberRow, "least" | "most" | "whole">) {
  return { least, most, whole };
}

/** @param help what is drawn at random */
export function seedRow(help: string): NumberRow {
  return number({ label: "Seed", help, default: 0, ...boundsOf(recipeFields.seed) });
}

export function iterationsRow(said: Said): NumberRow {
  return number({ label: "Iterations", ...boundsOf(recipeFields.iterations), ...said });
}

export function rateRow(said: Said): NumberRow {
  return number({ label: "Step size", ...boundsOf(recipeFields.lr), ...said });
}

/** @param most pixels of shift, if nothing else is said */
export function jitterRow(most: number): NumberRow {
  const help = "random circular shift of up to P pixels";
  const says = { label: "Jitter", help, default: most, unit: "pixels", placeholder: "p" };
  return number({ ...says, ...boundsOf(recipeFields.jitter) });
}

/** P of cosᵖ. */
export function powerRow(help: string): NumberRow {
  return number({ label: "Power", help, default: 1, least: 0, most: 16, whole: false, placeholder: "p" });
}
