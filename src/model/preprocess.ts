/** How RGB pixels in 0–1 become the network's input. Convolutions pad with zeros after that. */
import { InputError, shown } from "../errors.ts";
import type { Preprocessing } from "../nn/preprocess.ts";
import type { Preprocess } from "./network.ts";

type Three = readonly [number, number, number];

const WORDS = {
  unit: { mean: [0, 0, 0], scale: [1, 1, 1], order: [0, 1, 2] },
  // torchvision's and timm's ImageNet mean and standard deviation.
  imagenet: {
    mean: [0.485, 0.456, 0.406],
    scale: [1 / 0.229, 1 / 0.224, 1 / 0.225],
    order: [0, 1, 2],
  },
  // The VGG authors' own Caffe models: BGR, 0–255, minus the training set's mean colour.
  caffe: {
    mean: [123.68 / 255, 116.779 / 255, 103.939 / 255],
    scale: [255, 255, 255],
    order: [2, 1, 0],
  },
} satisfies Readonly<Record<string, Preprocessing>>;

export const preprocessKinds = Object.keys(WORDS) as readonly (keyof typeof WORDS)[];

/** How any other is written, for messages. */
export const PREPROCESS_SYNTAX =
  "unit (RGB 0–1), imagenet (its mean and deviation), caffe (BGR 0–255 minus means), " +
  "mean=0.5,0.5,0.5;std=0.5,0.5,0.5 with your numbers, or range=-1..1 (and ;order=bgr behind it, if so)";

const NUMBER = String.raw`-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?`;
/** Numbers beyond this are of pixels 0–255, unless `pixels=1` says otherwise; deviations and means of 0–1 are smaller. */
export const LARGEST_UNIT = 2;

/** @param kind as `parsePreprocess` gives it @throws InputError for anything else */
export function preprocessing(kind: Preprocess): Preprocessing {
  if (isWord(kind)) return WORDS[kind];
  const found = read(kind);
  if (found === undefined) throw unknownPreprocess(kind);
  return found;
}

export function isPreprocess(word: unknown): word is Preprocess {
  return isWord(word) || (typeof word === "string" && word.startsWith("mean=") && read(word) !== undefined);
}

function isWord(word: unknown): word is keyof typeof WORDS {
  return typeof word === "string" && Object.hasOwn(WORDS, word);
}

/**
 * Any way of writing it: a word in any case, mean and deviation, a range. The deviation is 1 and the mean 0 if not said.
 * @throws InputError that says how it is written
 */
export function parsePreprocess(text: unknown): Preprocess {
  const found = typeof text === "string" ? lenient(text) : undefined;
  if (found === undefined) throw unknownPreprocess(text);
  return found;
}

export function unknownPreprocess(text: unknown): InputError {
  return new InputError(`preprocess: expected unit, imagenet, caffe or a mean and std, got ${shown(text)}`, {
    remedy: `write ${PREPROCESS_SYNTAX}`,
  });
}

/** Undefined where the text says nothing that can be told. */
export function lenient(text: string): Preprocess | undefined {
  const word = text.trim().toLowerCase();
  if (isWord(word)) return word;
  const found = read(word);
  return found && written(found);
}

const NUMBERS = String.raw`[=:\s\[(]*(${NUMBER}(?:[\s,\[\]()]+${NUMBER})*)[\])\s]*`;
const MEAN = new RegExp(`\\b(?:image_)?mean${NUMBERS}`, "i");
const STD = new RegExp(`\\b(?:image_)?(?:std|deviation)${NUMBERS}`, "i");
const RANGE = new RegExp(String.raw`\brange[=:\s\[(]*(${NUMBER})\s*(?:\.\.|,|to)\s*(${NUMBER})[\])\s]*`, "i");
const ORDER = /\border[=:\s]*(rgb|bgr)\b/i;
/** What white is: 1 or 255. */
const PIXELS = /\bpixels[=:\s]*(1|255)\b/i;

/** Mean and deviation by RGB channel, or by the network's where it takes BGR. Nothing else may be in the text. */
function read(text: string): Preprocessing | undefined {
  let rest = text.slice(0, 500);
  const take = (part: RegExp): RegExpExecArray | null => {
    const found = part.exec(rest);
    if (found) rest = rest.replace(found[0], " ");
    return found;
  };
  const [mean, std, range, order] = [take(MEAN), take(STD), take(RANGE), take(ORDER)];
  const pixels = take(PIXELS)?.[1];
  if (/[^\s,;{}"']/.test(rest)) return undefined;
  const bgr = order?.[1]?.toLowerCase() === "bgr";
  if (range) return mean || std ? undefined : ofRange(Number(range[1]), Number(range[2]), bgr);
  return mean || std ? ofMeanAndDeviation([mean?.[1], std?.[1]], bgr, pixels && Number(pixels)) : undefined;
}

function ofRange(low: number, high: number, bgr: boolean): Preprocessing | undefined {
  const width = high - low;
  const mean = -low / width || 0;
  return high > low ? made([mean, mean, mean], [1 / width, 1 / width, 1 / width], bgr) : undefined;
}

function ofMeanAndDeviation(
  [mean = "0 0 0", std = "1 1 1"]: readonly (string | undefined)[],
  bgr: boolean,
  pixels: number | "" | undefined,
): Preprocessing | undefined {
  const [means, deviations] = [mean, std].map(
    (list) => list.match(new RegExp(NUMBER, "gi"))?.map(Number) ?? [],
  );
  if (means?.length !== 3 || deviations?.length !== 3) return undefined;
  const unit = pixels || (Math.max(...means, ...deviations) > LARGEST_UNIT ? 255 : 1);
  return made(
    means.map((n) => n / unit),
    deviations.map((n) => n / unit),
    bgr,
  );
}

/** @param bgr `mean` and `std` are in the network's own order, BGR; the mean is kept by RGB channel */
function made(mean: readonly number[], std: readonly number[], bgr: boolean): Preprocessing | undefined {
  if (std.some((n) => !(n > 0) || !Number.isFinite(Math.fround(1 / n)))) return undefined;
  if (!mean.every((n) => Number.isFinite(Math.fround(n)))) return undefined;
  const [a, b, c] = mean as unknown as Three;
  const [d, e, f] = std as unknown as Three;
  return {
    mean: bgr ? [c, b, a] : [a, b, c],
    scale: [1 / d, 1 / e, 1 / f],
    order: bgr ? [2, 1, 0] : [0, 1, 2],
  };
}

/** In units of 0–1. A word where a word says the same. */
function written({ mean, scale, order }: Preprocessing): Preprocess {
  const bgr = order[0] === 2;
  const own = bgr ? mean.toReversed() : mean;
  const digits = (n: number): string => String(Number(n.toPrecision(7)));
  const std = scale.map((n) => digits(1 / n)).join(",");
  const isLarge = Math.max(...mean, ...scale.map((n) => 1 / n)) > LARGEST_UNIT;
  const more = `${bgr ? ";order=bgr" : ""}${isLarge ? ";pixels=1" : ""}`;
  const text = `mean=${own.map(digits).join(",")};std=${std}${more}` as const;
  if (text === "mean=0,0,0;std=1,1,1") return "unit";
  return text === "mean=0.485,0.456,0.406;std=0.229,0.224,0.225" ? "imagenet" : text;
}
