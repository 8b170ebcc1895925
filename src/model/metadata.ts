/** What a checkpoint's metadata says about its architecture, its classes and its preprocessing. */
import { InputError, shown, WeightsError } from "../errors.ts";
import type { Preprocess } from "./network.ts";
import { lenient, PREPROCESS_SYNTAX } from "./preprocess.ts";
import { type Reading, readingFields } from "./reading.ts";

export type Metadata = Readonly<Record<string, string>>;

export const ASSUMED = "ascent.assumed";

function metadataPadding(metadata: Metadata): 0 | 1 | undefined {
  const text = metadata["padding"];
  if (text === undefined) return undefined;
  if (text === "0") return 0;
  if (text === "1") return 1;
  throw new WeightsError(`metadata padding expects "0" or "1", got ${shown(text)}`);
}

/** What a reading says, as the metadata says it. */
export function metadataReading(metadata: Metadata): Omit<Reading, "preprocess"> {
  const padding = metadataPadding(metadata);
  const { layers, epsilon, flatten } = metadata;
  return {
    ...(padding === undefined ? {} : { padding }),
    ...(layers === undefined ? {} : { layers }),
    ...(epsilon === undefined ? {} : { epsilon: ofMetadata(() => readingFields.epsilon.read(epsilon)) }),
    ...(flatten === undefined ? {} : { flatten: ofMetadata(() => readingFields.flatten.read(flatten)) }),
  };
}

function ofMetadata<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new WeightsError(`metadata ${cause.message}`, { cause });
  }
}

export function metadataFlag(metadata: Metadata, key: string): boolean | undefined {
  const text = metadata[key];
  if (text === undefined) return undefined;
  if (text === "true" || text === "false") return text === "true";
  throw new WeightsError(`metadata ${key} expects "true" or "false", got ${shown(text)}`);
}

/** `classes` of the metadata, checked against the head; none without a head or without that key. */
export function classNames(metadata: Metadata, outputs: number | undefined): readonly string[] {
  const text = metadata["classes"];
  if (text === undefined || outputs === undefined) return [];
  const names = text.trimStart().startsWith("[")
    ? jsonTexts(text, "classes", " or comma-separated names")
    : text.split(",").map((name) => name.trim());
  if (names.length !== outputs) {
    throw new WeightsError(
      `metadata classes expects ${outputs} names, one per output of logits, got ${names.length}`,
    );
  }
  return names;
}

/** @param or what else may be there */
function jsonTexts(text: string, key: string, or: string): readonly string[] {
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.every((name): name is string => typeof name === "string")) return list;
  } catch {
    // Reported below, as any other JSON that is no list of texts.
  }
  throw new WeightsError(`metadata ${key} expects a JSON array of texts${or}`, {
    remedy: 'write it as ["goldfish", "tabby"]',
  });
}

/** Of a file that `ascent convert` wrote: what was assumed of the file that it was made of, a JSON array of sentences. */
export function metadataAssumptions(metadata: Metadata): readonly string[] {
  const text = metadata[ASSUMED];
  return text === undefined ? [] : jsonTexts(text, ASSUMED, "");
}

/** Keys under which people write a preprocessing: a mean and a deviation per channel. */
const MEAN_KEYS: readonly string[] = ["mean", "image_mean", "pixel_mean"];
const STD_KEYS: readonly string[] = ["std", "image_std", "pixel_std"];

/** @throws InputError where the metadata says neither a word, nor a mean and a deviation, nor a range. */
export function metadataPreprocess(where: string, metadata: Metadata): Preprocess {
  const text = metadata["preprocess"];
  const mean = MEAN_KEYS.map((key) => metadata[key]).find((one) => one !== undefined);
  const std = STD_KEYS.map((key) => metadata[key]).find((one) => one !== undefined);
  const parts = [
    ...(mean === undefined ? [] : [`mean=${mean}`]),
    ...(std === undefined ? [] : [`std=${std}`]),
  ];
  const found = text === undefined ? undefined : lenient(text);
  const said = found ?? (parts.length === 0 ? undefined : lenient(parts.join(";")));
  if (said !== undefined) return said;
  const got = text === undefined ? "says nothing" : `says ${shown(text)}`;
  const guess = text === undefined ? "" : guessPreprocess(text);
  throw new InputError(`${where}: how the network wants its pixels is not known, its metadata ${got}`, {
    remedy: `say preprocess: ${PREPROCESS_SYNTAX}${guess}`,
  });
}

/** A hint for people. A guess is never used by itself. */
function guessPreprocess(text: string): string {
  if (/bgr/i.test(text)) return " (BGR, 0–255 minus means is caffe)";
  if (/0?\.485/.test(text)) return " (this mean is imagenet's)";
  if (/0\s*(\.\.+|-|–|to)\s*1\b/i.test(text)) return " (RGB 0–1 is unit)";
  return "";
}
