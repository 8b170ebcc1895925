/**
 * Settings as rows of a table. A row says what a setting is: its kind, default, bounds, unit, label and help.
 * Types, checks, JSON, links, flags, attributes and controls are made from the same rows, so nothing is listed twice.
 * The recipe (`recipe-fields.ts`) and the options of every method (`src/methods`) are such tables.
 */
import { InputError, shown } from "../errors.ts";
import { nearestNames } from "../model/labels.ts";
import type { Size } from "../model/network.ts";

/** What every row says. */
interface About {
  /** What a control is called: `Learning rate`. */
  readonly label: string;
  /** One sentence for people, as the command line's help has it: what it does. */
  readonly help: string;
  /** For example `pixels`; absent where there is none. */
  readonly unit?: string;
  /** Two or three words that a control shows beside its label; the unit where there are none. */
  readonly note?: string;
  /** The paper or program it comes from. */
  readonly source?: string;
  /**
   * Whether it may change while an ascent runs. `always`: it is a uniform of the kernels. `sometimes`: some changes
   * are taken, others need a new plan.
   */
  readonly live?: "always" | "sometimes";
  /** How a command line shows the value: `sigma` in `--blur <sigma>`; by default `n`, `x`, `kind`, `text` or `n|hxw`. */
  readonly placeholder?: string;
  /** What help says of the default where the value itself says little: `1.5/255`; empty to say nothing. */
  readonly leftOut?: string;
}

/** Ends of a control's slider and its steps. With `decades` they are powers of ten, and the left end is 0. */
export interface Slider {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly scale?: "decades";
}

export interface NumberRow extends About {
  readonly kind: "number";
  readonly default: number;
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
  readonly slider?: Slider;
}

export interface ChoiceRow<Word extends string = string> extends About {
  readonly kind: "choice";
  readonly default: NoInfer<Word>;
  /** Words with the label of each, in the order they are shown in. */
  readonly choices: Readonly<Record<Word, string>>;
}

export interface SwitchRow extends About {
  readonly kind: "switch";
  readonly default: boolean;
}

/** Height and width in pixels. */
export interface SizeRow extends About {
  readonly kind: "size";
  readonly default: Size;
  /** Of either side. */
  readonly least: number;
  readonly most: number;
}

export interface TextRow extends About {
  readonly kind: "text";
  readonly default: string;
  /** Characters at most. */
  readonly most: number;
  /** Whether it may be empty. */
  readonly empty?: boolean;
  /** @throws InputError where the text makes no sense */
  readonly check?: (text: string) => void;
}

export type Row = NumberRow | ChoiceRow | SwitchRow | SizeRow | TextRow;
export type Table = Readonly<Record<string, Row>>;

/** The type of a row's value. */
export type ValueOf<R extends Row> = R extends NumberRow
  ? number
  : R extends { readonly kind: "choice"; readonly choices: infer Choices }
    ? keyof Choices & string
    : R extends SwitchRow
      ? boolean
      : R extends SizeRow
        ? Size
        : string;

/** The object whose fields a table describes. */
export type ValuesOf<T extends Table> = { readonly [Key in keyof T]: ValueOf<T[Key]> };

/** Names of the rows that say so: `NamesWith<T, { kind: "number" }>`. */
export type NamesWith<T extends Table, Said> = {
  [Key in keyof T]: T[Key] extends Said ? Key : never;
}[keyof T];

/** A choice with its words' type kept. */
export function choice<const Word extends string>(
  row: About & { readonly default: NoInfer<Word>; readonly choices: Readonly<Record<Word, string>> },
): ChoiceRow<Word> {
  return { kind: "choice", ...row };
}

export function number(row: Omit<NumberRow, "kind">): NumberRow {
  return { kind: "number", ...row };
}

/** On or off. */
export function toggle(row: Omit<SwitchRow, "kind">): SwitchRow {
  return { kind: "switch", ...row };
}

export function size(row: Omit<SizeRow, "kind">): SizeRow {
  return { kind: "size", ...row };
}

export function text(row: Omit<TextRow, "kind">): TextRow {
  return { kind: "text", ...row };
}

/** The words of a choice, in their order. */
export function choicesOf<Word extends string>(row: {
  readonly choices: Readonly<Record<Word, string>>;
}): readonly Word[] {
  return Object.keys(row.choices) as Word[];
}

/** Every field's default. */
export function defaultsOf<T extends Table>(table: T): ValuesOf<T> {
  return mapTable(table, ({ default: value }) => value) as ValuesOf<T>;
}

/** The same keys, with what `make` gives for each row. */
export function mapTable<T extends Table, Made>(
  table: T,
  make: (row: Row, name: string) => Made,
): Record<keyof T, Made> {
  const entries = Object.entries(table).map(([name, row]) => [name, make(row, name)] as const);
  return Object.fromEntries(entries) as Record<keyof T, Made>;
}

/**
 * The value itself where the row allows it.
 * @param name begins the message
 * @throws InputError with what was expected and what is there
 */
export function checkValue<R extends Row>(name: string, row: R, value: unknown): ValueOf<R> {
  if (!allows(row, value)) throw new InputError(`${name} expects ${expected(row)}, got ${shown(value)}`);
  if (row.kind === "text") row.check?.(value as string);
  return value as ValueOf<R>;
}

/**
 * All values of a table where the rows allow them, in the order of the rows.
 * @param what begins the message about a name that no row has
 * @throws InputError naming the field, what was expected and what is there
 */
export function checkValues<T extends Table>(what: string, table: T, values: object): ValuesOf<T> {
  const names = Object.keys(table);
  const unknown = Object.keys(values).find((name) => !Object.hasOwn(table, name));
  if (unknown !== undefined) {
    const [nearest] = nearestNames(names, unknown, 1);
    throw new InputError(`${what} has the unknown field ${shown(unknown)}; did you mean ${nearest}?`, {
      remedy: `fields: ${names.join(" ")}`,
    });
  }
  const given = values as Readonly<Record<string, unknown>>;
  return mapTable(table, (row, name) => checkValue(name, row, given[name])) as ValuesOf<T>;
}

function allows(row: Row, value: unknown): boolean {
  switch (row.kind) {
    case "number":
      return inBounds(row, value) && (!row.whole || Number.isInteger(value));
    case "choice":
      return typeof value === "string" && Object.hasOwn(row.choices, value);
    case "switch":
      return typeof value === "boolean";
    case "size":
      return (
        Array.isArray(value) &&
        value.length === 2 &&
        value.every((side) => inBounds(row, side) && Number.isInteger(side))
      );
    case "text":
      return (
        typeof value === "string" && (value.trim() !== "" || row.empty === true) && value.length <= row.most
      );
  }
}

function inBounds(
  { least, most }: { readonly least: number; readonly most: number },
  value: unknown,
): boolean {
  return typeof value === "number" && value >= least && value <= most;
}

/** What a row takes, in words: `a whole number from 0 to 64`. */
export function expected(row: Row): string {
  switch (row.kind) {
    case "number":
      return `${row.whole ? "a whole number" : "a number"} from ${row.least} to ${row.most}`;
    case "choice":
      return `one of ${choicesOf(row).join(", ")}`;
    case "switch":
      return "true or false";
    case "size":
      return `[height, width], whole numbers of pixels from ${row.least} to ${row.most}`;
    case "text":
      return `${row.empty ? 0 : 1} to ${row.most} characters`;
  }
}

/** The value as a link and an attribute hold it: `on`, `96x128`, `0.05`. */
export function formatValue(value: Row["default"]): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  return typeof value === "object" ? value.join("x") : String(value);
}

/**
 * The value that a text stands for, whatever its bounds: `96x128`, `on`, `0.05`; undefined where it is no value of
 * this kind. Numbers are decimal, exponents allowed.
 */
export function readText(row: Row, text: string): unknown {
  switch (row.kind) {
    case "number":
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : undefined;
    case "switch":
      return text === "on" || text === "true" ? true : text === "off" || text === "false" ? false : undefined;
    case "size": {
      const [, height, width] = /^\s*(\d{1,9})\s*(?:[x×]\s*(\d{1,9})\s*)?$/i.exec(text) ?? [];
      return height === undefined ? undefined : [Number(height), Number(width ?? height)];
    }
    case "choice":
    case "text":
      return text;
  }
}

/**
 * What a text that anybody may have written comes nearest to: numbers out of bounds are clamped, texts cut.
 * @returns undefined where it makes no sense; never throws
 */
export function nearestValue<R extends Row>(row: R, text: string): ValueOf<R> | undefined {
  return nearest(row, text) as ValueOf<R> | undefined;
}

function nearest(row: Row, text: string): unknown {
  switch (row.kind) {
    case "number":
      return nearestNumber(row, text, row.whole);
    case "choice":
      return Object.hasOwn(row.choices, text) ? text : undefined;
    case "switch":
      return text === "1" ? true : text === "0" ? false : readText(row, text);
    case "size": {
      const [, height, width = height] = /^(\d{1,9})(?:x(\d{1,9}))?$/i.exec(text.trim()) ?? [];
      if (height === undefined || width === undefined) return undefined;
      return [nearestNumber(row, height, true), nearestNumber(row, width, true)];
    }
    case "text":
      return nearestText(row, text.trim().slice(0, row.most));
  }
}

function nearestNumber(
  { least, most }: { readonly least: number; readonly most: number },
  text: string,
  whole: boolean,
): number | undefined {
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isNaN(value)) return undefined;
  const clamped = Math.min(Math.max(value, least), most);
  // Adding 0 turns −0 into 0.
  return (whole ? Math.round(clamped) : clamped) + 0;
}

function nearestText(row: TextRow, text: string): string | undefined {
  try {
    return checkValue("text", row, text);
  } catch {
    return undefined;
  }
}

/** `blur-every`: how flags and attributes spell the field `blurEvery`. */
export function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
