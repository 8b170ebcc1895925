/** Values of flags: each reader takes the text and gives the value or an InputError that names the flag. */

import { InputError } from "../errors.ts";
import { checkValue, type TextRow } from "../optvis/field.ts";

interface Bounds {
  readonly least?: number;
  readonly most?: number;
}

function refuse(flag: string, expected: string, text: string): never {
  throw new InputError(`${flag}: expected ${expected}, got "${text}"`);
}

function describe(kind: string, { least, most }: Bounds): string {
  if (least !== undefined && most !== undefined) return `${kind} from ${least} to ${most}`;
  return least === undefined ? kind : `${kind} of at least ${least}`;
}

function within(value: number, { least = -Infinity, most = Infinity }: Bounds): boolean {
  return Number.isFinite(value) && value >= least && value <= most;
}

/** A decimal number, exponents allowed; no hexadecimal, no Infinity, nothing behind it. */
export function number(flag: string, bounds: Bounds = {}): (text: string) => number {
  return (text) => {
    const isDecimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
    const value = isDecimal ? Number(text) : Number.NaN;
    return within(value, bounds) ? value : refuse(flag, describe("a number", bounds), text);
  };
}

export function integer(flag: string, bounds: Bounds = {}): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    const safe = within(value, bounds) && Number.isSafeInteger(value);
    return safe ? value : refuse(flag, describe("a whole number", bounds), text);
  };
}

export function choice<Word extends string>(flag: string, words: readonly Word[]): (text: string) => Word {
  return (text) =>
    words.find((word) => word === text) ??
    refuse(flag, words.join(", ").replace(/, ([^,]*)$/, " or $1"), text);
}

/** A path; not an empty one, which an unset shell variable leaves and which would be the folder one is in. */
export function folder(flag: string): (text: string) => string {
  return (text) => (text === "" ? refuse(flag, "a folder", text) : text);
}

/** `128` is square; `96x128` is height, then width. */
export function size(
  flag: string,
  bounds: Bounds,
): (text: string) => readonly [height: number, width: number] {
  return (text) => {
    const [, height, width] = /^(\d+)(?:[x×](\d+))?$/i.exec(text) ?? [];
    const pair = [Number(height), Number(width ?? height)] as const;
    if (pair.every((side) => within(side, bounds))) return pair;
    return refuse(flag, `N or HxW in pixels, ${describe("each", bounds)}`, text);
  };
}

/** A text that its row allows. */
export function text(flag: string, row: TextRow): (text: string) => string {
  return (given) => {
    try {
      return checkValue(flag, row, given);
    } catch (cause) {
      if (!(cause instanceof InputError) || cause.message.startsWith(flag)) throw cause;
      const { message, remedy } = cause;
      throw new InputError(`${flag}: ${message}`, { cause, ...(remedy && { remedy }) });
    }
  };
}
