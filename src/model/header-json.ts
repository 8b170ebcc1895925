/**
 * Reads the part of JSON that a safetensors header may use: objects, arrays, strings and unsigned integers. Unlike
 * `JSON.parse` it refuses two equal keys and deep nesting. Objects become maps, so that a key such as `__proto__` is only
 * a key.
 */
export type HeaderJson = string | number | readonly HeaderJson[] | ReadonlyMap<string, HeaderJson>;

/** File, tensor, shape. */
const MAX_DEPTH = 3;
/** A tensor has twelve; they take forty times their text. */
const MAX_VALUES = 200_000;
const WHITESPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const INTEGER = /(?:0|[1-9][0-9]*)(?![0-9.eE])/y;

interface Cursor {
  readonly text: string;
  at: number;
  values: number;
}

/** @throws SyntaxError naming the character position and what is wrong there. */
export function parseHeaderJson(text: string): HeaderJson {
  const cursor: Cursor = { text, at: 0, values: 0 };
  const value = parseValue(cursor, 0);
  match(cursor, WHITESPACE);
  if (cursor.at !== text.length) fail(cursor, "text after the end of the JSON");
  return value;
}

function parseValue(cursor: Cursor, depth: number): HeaderJson {
  match(cursor, WHITESPACE);
  cursor.values += 1;
  if (cursor.values > MAX_VALUES) fail(cursor, `more than ${MAX_VALUES} values`);
  const first = cursor.text[cursor.at];
  if (first === '"') return parseString(cursor);
  if (first === "{" || first === "[") {
    if (depth >= MAX_DEPTH) fail(cursor, `nested deeper than ${MAX_DEPTH} levels`);
    cursor.at += 1;
    return first === "{" ? parseObject(cursor, depth + 1) : parseArray(cursor, depth + 1);
  }
  const digits = match(cursor, INTEGER);
  if (digits === undefined) fail(cursor, "expected a string, an unsigned integer, an object or an array");
  const value = Number(digits);
  if (!Number.isSafeInteger(value)) fail(cursor, `the integer ${digits.slice(0, 24)} is 2^53 or more`);
  return value;
}

function parseObject(cursor: Cursor, depth: number): ReadonlyMap<string, HeaderJson> {
  const object = new Map<string, HeaderJson>();
  if (take(cursor, "}")) return object;
  do {
    match(cursor, WHITESPACE);
    const key = parseString(cursor);
    if (object.has(key)) fail(cursor, `the key ${JSON.stringify(key)} appears twice`);
    if (!take(cursor, ":")) fail(cursor, "expected a colon");
    object.set(key, parseValue(cursor, depth));
  } while (take(cursor, ","));
  if (!take(cursor, "}")) fail(cursor, "expected a comma or a closing brace");
  return object;
}

function parseArray(cursor: Cursor, depth: number): readonly HeaderJson[] {
  const array: HeaderJson[] = [];
  if (take(cursor, "]")) return array;
  do array.push(parseValue(cursor, depth));
  while (take(cursor, ","));
  if (!take(cursor, "]")) fail(cursor, "expected a comma or a closing bracket");
  return array;
}

function parseString(cursor: Cursor): string {
  const literal = match(cursor, STRING);
  if (literal === undefined) fail(cursor, "expected a string");
  return JSON.parse(literal) as string;
}

function take(cursor: Cursor, character: string): boolean {
  match(cursor, WHITESPACE);
  if (cursor.text[cursor.at] !== character) return false;
  cursor.at += 1;
  return true;
}

function match(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text)?.[0];
  cursor.at += found?.length ?? 0;
  return found;
}

function fail(cursor: Cursor, problem: string): never {
  throw new SyntaxError(`${problem}, at character ${cursor.at}`);
}
