/** How pixels in 0–1, RGB or grey, become the network's input. Convolutions pad with zeros after that. */
import { InputError, shown } from "../errors.ts";
import { type Colours, coloursOf, type Preprocessing } from "../nn/preprocess.ts";
import type { Preprocess } from "./network.ts";

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

/** The same of a network that reads one channel. */
export const GREY_SYNTAX =
  "unit (grey 0–1), mean=0.5;std=0.5 with your numbers, or range=-1..1; a network that reads one channel has one of each";

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

/**
 * A preprocessing for a network of `colours`, with as many numbers as it has channels. Three equal ones fit grey, so `unit`
 * and ranges fit both. One number is not taken for three: it may be the first of a list that somebody cut.
 * @returns undefined where it does not fit
 */
export function fittedPreprocess(kind: Preprocess, colours: Colours): Preprocess | undefined {
  const { mean, scale } = preprocessing(kind);
  if (coloursOf(mean) === colours) return kind;
  const isOne = [mean, scale].every((numbers) => numbers.every((n) => n === numbers[0]));
  if (colours === 3 || !isOne) return undefined;
  return written({ mean: mean.slice(0, 1), scale: scale.slice(0, 1), order: [0] });
}

/** @returns as `fittedPreprocess` @throws InputError where it does not fit */
export function expectFitting(kind: Preprocess, colours: Colours): Preprocess {
  const fitted = fittedPreprocess(kind, colours);
  if (fitted !== undefined) return fitted;
  const [of, reads, remedy] =
    colours === 1
      ? ["red, green and blue", "one channel, grey", `write ${GREY_SYNTAX}`]
      : [
          "one channel, grey",
          "red, green and blue",
          "write three numbers of each, as mean=0.5,0.5,0.5;std=0.5,0.5,0.5",
        ];
  throw new InputError(`preprocess ${kind} is of ${of}, and the network reads ${reads}`, { remedy });
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

/** Mean and deviation by channel of the image, or by the network's where it takes BGR. Nothing else may be in the text. */
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
  [mean, std]: readonly (string | undefined)[],
  bgr: boolean,
  pixels: number | "" | undefined,
): Preprocessing | undefined {
  const numbers = (list: string | undefined): number[] | undefined =>
    list?.match(new RegExp(NUMBER, "gi"))?.map(Number);
  const [saidMeans, saidDeviations] = [numbers(mean), numbers(std)];
  const count = (saidMeans ?? saidDeviations)?.length;
  if (count !== 1 && count !== 3) return undefined;
  const means = saidMeans ?? Array<number>(count).fill(0);
  const deviations = saidDeviations ?? Array<number>(count).fill(1);
  if (means.length !== count || deviations.length !== count) return undefined;
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
  const order = [...mean.keys()];
  return {
    mean: bgr ? mean.toReversed() : mean,
    scale: std.map((n) => 1 / n),
    order: bgr ? order.toReversed() : order,
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
