/** Flags that are made from rows of settings (`optvis/field.ts`): their names, values and help. */

import type { Command } from "commander";
import { formatValue, type Row, type Table } from "../optvis/field.ts";
import { choice, integer, number, size } from "./values.ts";

/** `--octave-scale` of `octaveScale`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Reads the text after a flag. @returns the value, or throws an InputError that names the flag */
export function flagReader(flag: string, row: Row): (text: string) => unknown {
  switch (row.kind) {
    case "number":
      return row.whole ? integer(flag, row) : number(flag, row);
    case "choice":
      return choice(flag, Object.keys(row.choices));
    case "size":
      return size(flag, row);
    case "text":
    case "switch":
      return (text) => text;
  }
}

/** Adds one flag for each row; what is not given stays absent. @param help of a row, with what it says of its default */
export function addRowFlags(target: Command, table: Table, help = helpWithDefault): Command {
  for (const [name, row] of Object.entries(table)) addRowFlag(target, name, row, help(row));
  return target;
}

export function addRowFlag(target: Command, name: string, row: Row, help = helpWithDefault(row)): Command {
  const flag = flagOf(name);
  if (row.kind === "switch") return target.option(flag, help);
  return target.option(`${flag} <${placeholderOf(row)}>`, help, flagReader(flag, row));
}

function placeholderOf(row: Exclude<Row, { readonly kind: "switch" }>): string {
  if (row.placeholder !== undefined) return row.placeholder;
  if (row.kind === "number") return row.whole ? "n" : "x";
  return { choice: "kind", size: "n|hxw", text: "text" }[row.kind];
}

/** The row's sentence and, behind it, its default. */
function helpWithDefault(row: Row): string {
  const value = row.leftOut ?? (row.kind === "switch" ? "" : formatValue(row.default));
  return value === "" ? row.help : `${row.help} (default: ${value})`;
}
