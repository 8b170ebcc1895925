/** What a checkpoint's metadata says about its architecture, its classes and its preprocessing. */
import { InputError, shown, WeightsError } from "../errors.ts";
import type { Preprocess } from "./network.ts";
import { isPreprocess } from "./preprocess.ts";

export type Metadata = Readonly<Record<string, string>>;

export function metadataPadding(metadata: Metadata): 0 | 1 | undefined {
  const text = metadata["padding"];
  if (text === undefined) return undefined;
  if (text === "0") return 0;
  if (text === "1") return 1;
  throw new WeightsError(`metadata padding expects "0" or "1", got ${shown(text)}`);
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
    ? jsonTexts(text)
    : text.split(",").map((name) => name.trim());
  if (names.length !== outputs) {
    throw new WeightsError(
      `metadata classes expects ${outputs} names, one per output of logits, got ${names.length}`,
    );
  }
  return names;
}

function jsonTexts(text: string): readonly string[] {
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.every((name): name is string => typeof name === "string")) return list;
  } catch {
    // Reported below, as any other JSON that is no list of texts.
  }
  throw new WeightsError("metadata classes expects a JSON array of texts or comma-separated names", {
    remedy: 'write it as ["goldfish", "tabby"]',
  });
}

/** @throws InputError where the metadata does not say one of the three words. */
export function metadataPreprocess(where: string, metadata: Metadata): Preprocess {
  const text = metadata["preprocess"];
  if (text !== undefined && isPreprocess(text)) return text;
  const got = text === undefined ? "says nothing" : `says ${shown(text)}`;
  const guess = text === undefined ? "" : guessPreprocess(text);
  throw new InputError(`${where}: preprocessing expects unit, imagenet or caffe, its metadata ${got}`, {
    remedy: `say which it is: --preprocess unit|imagenet|caffe${guess}`,
  });
}

/** A hint for people. A guess is never used by itself. */
function guessPreprocess(text: string): string {
  if (/bgr/i.test(text)) return " (BGR, 0–255 minus means is caffe)";
  if (/0?\.485|std|deviation/i.test(text)) return " (mean and standard deviation is imagenet)";
  if (/0\s*(\.\.+|-|–|to)\s*1\b/i.test(text)) return " (RGB 0–1 is unit)";
  return "";
}
