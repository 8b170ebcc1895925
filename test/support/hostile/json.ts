/** JSON that is wrong in places: values replaced, removed, doubled, nested, with keys that JavaScript knows. */
import { EVIL_NUMBERS, type Random, someName } from "./random.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What a layer of Keras may be, and how it may be set. */
const KERAS_WORDS =
  "ReLU LeakyReLU Softmax Activation GlobalAveragePooling2D AveragePooling2D Normalization Rescaling Add Functional Dense leaky_relu relu6 tanh sigmoid softmax linear RandomFlip SeparableConv2D DepthwiseConv2D".split(
    " ",
  );

export function someJson(random: Random, depth = 3): Json {
  const kinds = depth > 0 ? 8 : 6;
  switch (random.below(kinds)) {
    case 0:
      return random.pick([null, true, false]);
    case 1:
      return Number(random.pick(EVIL_NUMBERS)) * random.pick([1, 1, -1, 0.5]);
    case 2:
      return random.below(10);
    case 3:
    case 4:
      return someName(random);
    case 5:
      return random.pick([
        -0.5,
        1e308,
        1e-320,
        "",
        "NaN",
        "[]",
        "{}",
        "same",
        "valid",
        "relu",
        "channels_first",
        random.pick(KERAS_WORDS),
      ]);
    case 6:
      return random.list(4, () => someJson(random, depth - 1));
    default:
      return Object.fromEntries(random.list(4, () => [someName(random), someJson(random, depth - 1)]));
  }
}

/** A copy with one to four values changed. */
export function wrongJson(random: Random, good: unknown): Json {
  const copy = structuredClone(good) as Json;
  let root: Json = copy;
  for (let times = 1 + random.below(4); times > 0; times--) {
    const holders = containers(root);
    if (holders.length === 0) return someJson(random);
    const holder = random.pick(holders) as Record<string, Json>;
    const keys = Object.keys(holder);
    const key = keys.length > 0 ? random.pick(keys) : "0";
    if (random.chance(0.1)) root = random.chance(0.5) ? [root] : { config: root };
    else if (random.chance(0.2) && !Array.isArray(holder)) define(holder, someName(random), someJson(random));
    else if (random.chance(0.2)) delete holder[key];
    else if (random.chance(0.3)) define(holder, key, structuredClone(random.pick(holders)) as Json);
    else define(holder, key, someJson(random));
  }
  return root;
}

/** As `JSON.parse` would: `__proto__` is a key like any other. */
function define(holder: Record<string, Json>, key: string, value: Json): void {
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}

function containers(json: Json): (Json & object)[] {
  const found: (Json & object)[] = [];
  const rest: Json[] = [json];
  for (const value of rest) {
    if (typeof value !== "object" || value === null || found.length > 2000) continue;
    found.push(value);
    rest.push(...Object.values(value));
  }
  return found;
}

/** The text of such JSON; sometimes with equal keys, deep, long, or cut. */
export function wrongJsonText(random: Random, good: unknown): string {
  if (random.chance(0.02)) return deepJson(random);
  const text = JSON.stringify(wrongJson(random, good)) ?? "";
  if (random.chance(0.1)) return text.slice(0, random.below(text.length + 1));
  if (random.chance(0.1)) return text.replace(/"([^"]+)":/, (key) => `${key}0,${key}`);
  return random.chance(0.05) ? text.replace(/\d+/, () => String(random.pick(EVIL_NUMBERS))) : text;
}

const MOST_TEXT = 2 << 20;

/** Deep, or wide: as much as a few kilobytes, seldom a megabyte, can hold. */
export function deepJson(random: Random): string {
  const wanted = random.pick([100, 1000, 5000, 5000, random.chance(0.1) ? 400_000 : 20_000]);
  const [open, value, close] = random.pick([
    ["[", "", "]"],
    ['{"a":', "1", "}"],
    ['{"config":{"layers":[', "0", "]}}"],
  ] as const);
  // What makes the file is to take less memory than what reads it may.
  const count = Math.min(wanted, Math.floor(MOST_TEXT / open.length));
  if (random.chance(0.5)) return open.repeat(count) + value + close.repeat(random.chance(0.9) ? count : 0);
  const one = random.pick(["[]", "{}", '"a"', "0", '{"a":[]}']);
  return random.pick([
    `[${one}${`,${one}`.repeat(count)}]`,
    `{"a":{"b":[${one}${`,${one}`.repeat(count)}]}}`,
  ]);
}
