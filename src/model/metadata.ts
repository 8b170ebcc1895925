/** What a checkpoint's metadata says about its architecture, its classes and its preprocessing. */
import { InputError, shown, WeightsError } from "../errors.ts";
import type { Colours } from "../nn/preprocess.ts";
import { parseBounded } from "./bounded-json.ts";
import type { Preprocess } from "./network.ts";
import { fittedPreprocess, GREY_SYNTAX, lenient, PREPROCESS_SYNTAX } from "./preprocess.ts";
import { type Answer, QuestionError } from "./question.ts";
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
    const list: unknown = parseBounded(text);
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

/** What of a network tells which answers fit and which is likely. */
interface Asked {
  readonly name: string;
  readonly colours: Colours;
}

/**
 * @throws QuestionError where the metadata says neither a word, nor a mean and a deviation, nor a range; or not as many
 *   numbers as the network has channels
 */
export function metadataPreprocess(where: string, metadata: Metadata, network: Asked): Preprocess {
  const text = metadata["preprocess"];
  const mean = MEAN_KEYS.map((key) => metadata[key]).find((one) => one !== undefined);
  const std = STD_KEYS.map((key) => metadata[key]).find((one) => one !== undefined);
  const found = text === undefined ? undefined : lenient(text);
  const both = mean !== undefined && std !== undefined;
  const said = found ?? (both ? lenient(`mean=${mean};std=${std}`) : undefined);
  const fitted = said && fittedPreprocess(said, network.colours);
  if (fitted !== undefined) return fitted;
  const got = text === undefined ? "says nothing" : `says ${shown(text)}`;
  const likely = text === undefined ? undefined : likelyPreprocess(text);
  const guess = likely === undefined ? "" : ` (${likely[1]} is ${likely[0]})`;
  throw new QuestionError(
    `${where}: how the network wants its pixels is not known, its metadata ${got}`,
    { about: "preprocess", answers: preprocessAnswers(likely, network) },
    { remedy: `say preprocess: ${network.colours === 1 ? GREY_SYNTAX : PREPROCESS_SYNTAX}${guess}` },
  );
}

/** A hint for people: a word, and what in the text speaks for it. A guess is never used by itself. */
function likelyPreprocess(text: string): readonly [word: string, why: string] | undefined {
  if (/bgr/i.test(text)) return ["caffe", "BGR, 0–255 minus means"];
  if (/0?\.485/.test(text)) return ["imagenet", "this mean"];
  return /0\s*(\.\.+|-|–|to)\s*1\b/i.test(text) ? ["unit", "RGB 0–1"] : undefined;
}

/** Of a network that reads one channel. */
const GREY_ANSWERS: readonly Answer[] = [
  { value: "unit", text: "Grey 0–1", why: "networks of courses, and those that mend pictures" },
  { value: "range=-1..1", text: "Grey −1 to 1", why: "a mean and a deviation of 0.5" },
  { value: "range=0..255", text: "Grey 0–255", why: "pixels as files have them" },
  {
    value: "mean=0.1307;std=0.3081",
    text: "Grey, MNIST's mean and deviation",
    why: "PyTorch's example of digits",
  },
];

/** The likeliest first: what the file's text speaks for; else what the weights of a published VGG were trained with. */
function preprocessAnswers(likely: ReturnType<typeof likelyPreprocess>, network: Asked): readonly Answer[] {
  if (network.colours === 1) return GREY_ANSWERS;
  const published: Answer[] = [
    { value: "imagenet", text: "RGB, ImageNet's mean and deviation", why: "weights of PyTorch's VGGs" },
    {
      value: "caffe",
      text: "BGR 0–255, minus ImageNet's mean",
      why: "weights of Keras and of the VGGs' authors",
    },
  ];
  const own: Answer[] = [
    { value: "unit", text: "RGB 0–1", why: "networks of courses" },
    { value: "range=-1..1", text: "RGB −1 to 1", why: "a mean and a deviation of 0.5" },
  ];
  const answers = /^VGG-\d/.test(network.name) ? [...published, ...own] : [...own, ...published];
  if (likely === undefined) return answers;
  const [value, found] = likely;
  const first = answers
    .filter((answer) => answer.value === value)
    .map((answer) => ({ ...answer, why: `the file says ${found}` }));
  return [...first, ...answers.filter((answer) => answer.value !== value)];
}
