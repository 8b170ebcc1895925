/** Flags made from the rows of a table (`optvis/field.ts`): their names, what they take, and their help. */

import type { Command } from "commander";
import { choicesOf, dashed, type Row } from "../optvis/field.ts";
import { choice, integer, number, size, text } from "./values.ts";

/** What a command says otherwise than the row. */
export interface FlagOptions {
  /** Instead of the row's sentence, and of the words of a choice. */
  readonly help?: string;
  /** Ends the help, in brackets: what holds where the flag is left out. */
  readonly leftOut?: string | undefined;
  /** Instead of the reader of the row's kind. */
  readonly read?: (text: string) => unknown;
  /** A switch that is off has a `--no-` flag, with which to overrule a recipe that turns it on; not with `false`. */
  readonly negatable?: false;
}

/** Adds the flag of one row: `--blur-every <k>`; `--clamp` and `--no-clamp`; `--redirect <on|off>` where on is usual. */
export function addFlag(target: Command, name: string, row: Row, options: FlagOptions = {}): Command {
  const flag = dashed(name);
  const help = `${options.help ?? helpOf(row)}${options.leftOut ? ` (${options.leftOut})` : ""}`;
  if (row.kind === "switch" && !row.default) {
    target.option(`--${flag}`, help);
    return options.negatable === false ? target : target.option(`--no-${flag}`, "do not");
  }
  return target.option(`--${flag} <${placeholderOf(row)}>`, help, options.read ?? readerOf(`--${flag}`, row));
}

/** The value of plain ascent, or of a method left alone, as help names it. */
export function plainValue({ kind, default: value }: Row): string {
  if (kind === "switch") return value ? "on" : "no";
  return kind === "size" ? (value as readonly number[]).join("x") : String(value);
}

function helpOf(row: Row): string {
  return row.kind === "choice" ? `${row.help}: ${choicesOf(row).join(", ")}` : row.help;
}

function placeholderOf(row: Row): string {
  if (row.placeholder !== undefined) return row.placeholder;
  if (row.kind === "number") return row.whole ? "n" : "x";
  return { choice: "kind", switch: "on|off", size: "n|hxw", text: "text" }[row.kind];
}

/** Reads the text of a flag. @param flag begins the message of the InputError */
function readerOf(flag: string, row: Row): (text: string) => unknown {
  switch (row.kind) {
    case "number":
      return (row.whole ? integer : number)(flag, row);
    case "choice":
      return choice(flag, choicesOf(row));
    case "switch": {
      const word = choice(flag, ["on", "off"]);
      return (given) => word(given) === "on";
    }
    case "size":
      return size(flag, row);
    case "text":
      return text(flag, row);
  }
}
