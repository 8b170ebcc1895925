/**
 * Settings as rows of a table. A row says what a setting is: its kind, default, bounds, unit, label and help.
 * Types, checks, JSON, links, flags, attributes and controls are made from the same rows, so nothing is listed twice.
 * The recipe (`recipe-fields.ts`) and the options of every method (`src/methods`) are such tables.
 */
import { InputError } from "../errors.ts";
import type { Size } from "../model/network.ts";

/** What every row says. */
interface About {
  /** Two or three words, as a control shows them: `Learning rate`. */
  readonly label: string;
  /** One sentence for people: what it does. */
  readonly help: string;
  /** For example `pixels`; absent where there is none. */
  readonly unit?: string;
  /** The paper or program it comes from. */
  readonly source?: string;
  /** It may change while an ascent runs: it is a uniform of the kernels. */
  readonly live?: boolean;
  /** How a command line shows the value: `sigma` in `--blur <sigma>`; by default `n`, `x`, `kind`, `text` or `n|hxw`. */
  readonly placeholder?: string;
  /** What help says of the default where the value itself says little: `1.5/255`; empty to say nothing. */
  readonly leftOut?: string;
}

export interface NumberRow extends About {
  readonly kind: "number";
  readonly default: number;
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
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
  : R extends ChoiceRow<infer Word>
    ? Word
    : R extends SwitchRow
      ? boolean
      : R extends SizeRow
        ? Size
        : string;

/** The object whose fields a table describes. */
export type ValuesOf<T extends Table> = { readonly [Key in keyof T]: ValueOf<T[Key]> };

/** Names of the fields of one kind. */
export type NamesOf<T extends Table, Kind extends Row["kind"]> = {
  [Key in keyof T]: T[Key] extends { readonly kind: Kind } ? Key : never;
}[keyof T];

/** A choice with its words' type kept. */
export function choice<const Word extends string>(row: Omit<ChoiceRow<Word>, "kind">): ChoiceRow<Word> {
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
  if (!allows(row, value)) throw new InputError(`${name} expects ${expected(row)}, got ${show(value)}`);
  if (row.kind === "text") row.check?.(value as string);
  return value as ValueOf<R>;
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
      return typeof value === "string" && (value !== "" || row.empty === true) && value.length <= row.most;
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
      return `one of ${Object.keys(row.choices).join(", ")}`;
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

/** A value for a message, quoted and not too long. */
function show(value: unknown): string {
  const shown = JSON.stringify(value) ?? String(value);
  return shown.length > 80 ? `${shown.slice(0, 77)}...` : shown;
}
