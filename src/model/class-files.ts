/** Names of classes as people keep them: a line each, or JSON, in a file beside the weights or one that is given. */
import { InputError, shown } from "../errors.ts";
import type { Beside } from "./beside.ts";
import { parseBounded } from "./bounded-json.ts";
import { labels, texts } from "./published-config.ts";

/** More than any list of classes. */
const MOST_BYTES = 1 << 22;
/** Told apart from the weights' own names by these words. */
const WORDS = ["classes", "labels", "class_names"] as const;
const ENDINGS = [".txt", ".json"] as const;

/**
 * A line each; or JSON: a list, `{"0": "tench"}`, ImageNet's `{"0": ["n01440764", "tench"]}`, `{"tench": 0}`, any of them
 * under `id2label`, `classes`, `labels`, `class_names` or `class_to_idx`.
 * @param where for messages
 * @throws InputError where it is none of them
 */
export function parseClassNames(where: string, text: string): readonly string[] {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  const isJson = /^[[{]/.test(trimmed);
  const names = isJson
    ? ofJson(json(where, trimmed))
    : trimmed.split(/\r\n|\n|\r/).map((line) => line.trim());
  if (names !== undefined && names.length > 0 && names.every((name) => name !== "")) return names;
  throw new InputError(`${where}: expected names of classes, got ${shown(trimmed.slice(0, 60))}`, {
    remedy: 'write one in each line, or JSON such as ["goldfish", "tabby"]',
  });
}

function json(where: string, text: string): unknown {
  try {
    return parseBounded(text);
  } catch (cause) {
    throw new InputError(`${where}: expected names of classes, got broken JSON`, {
      cause,
      remedy: 'write it as ["goldfish", "tabby"], or one name in each line',
    });
  }
}

function ofJson(value: unknown): readonly string[] | undefined {
  const list = texts(value) ?? labels(value);
  if (list !== undefined || typeof value !== "object" || value === null) return list;
  const entries = new Map<string, unknown>(Object.entries(value));
  for (const key of ["id2label", "class_to_idx", ...WORDS]) {
    const inner = entries.get(key);
    if (inner !== undefined) return ofJson(inner);
  }
  const pairs = [...entries].map(([key, one]) => [
    Number(key),
    Array.isArray(one) ? (one.at(-1) as unknown) : one,
  ]);
  const indexed = pairs.every(([key]) => Number.isInteger(key))
    ? pairs
    : [...entries].map(([name, index]) => [index, name]);
  const byIndex = new Map(indexed as [unknown, unknown][]);
  return texts(Array.from({ length: entries.size }, (_, i) => byIndex.get(i)));
}

/** What a file beside the weights says. */
export interface ClassesBeside {
  readonly file: string;
  readonly names: readonly string[];
}

/** `NAME.classes.txt` and the like before `classes.txt`. @param name of the weights @throws InputError for one that is none */
export async function classesBeside(name: string, beside: Beside): Promise<ClassesBeside | undefined> {
  const stem = (name.split(/[/\\]/).at(-1) ?? "").replace(/\.[^.]*$/, "");
  const files = WORDS.flatMap((word) => ENDINGS.map((ending) => `${word}${ending}`));
  for (const file of [...files.map((one) => `${stem}.${one}`), ...files]) {
    const source = await beside(file);
    if (source === undefined) continue;
    if (source.size > MOST_BYTES)
      throw new InputError(`${file}: expected names of classes, got ${source.size} bytes`);
    const bytes = await source.read(0, source.size);
    return { file, names: parseClassNames(file, new TextDecoder().decode(bytes)) };
  }
  return undefined;
}
