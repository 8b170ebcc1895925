/** Texts that strangers write: recipes in JSON and PNG, links, names of classes, directions, what tuning has kept. */
import { readWeights } from "../../../src/cli/direction-file.ts";
import { placeInNetwork } from "../../../src/element/placement.ts";
import { recall } from "../../../src/engine/kernels/tuning-memory.ts";
import { parseVariants } from "../../../src/engine/kernels/variant-text.ts";
import type { Gpu } from "../../../src/gpu/device.ts";
import { classesBeside } from "../../../src/model/class-files.ts";
import { classIndex } from "../../../src/model/labels.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { convVariantNames } from "../../../src/nn/conv3x3.ts";
import { afterChanges, changesOf, endOf } from "../../../src/optvis/course.ts";
import { defaultRecipe, type Recipe, recipeFieldNames } from "../../../src/optvis/recipe.ts";
import { recipeTextOf } from "../../../src/optvis/recipe-picture.ts";
import { checkRecipe, parseRecipe, recipeFromQuery, recipeToQuery } from "../../../src/optvis/recipe-text.ts";
import { directionSpec } from "../../../src/optvis/terms/direction-text.ts";
import { readLink, writeLink } from "../../../src/page/link.ts";
import { tinyNetwork } from "../tiny-network.ts";
import { wrongJsonText } from "./json.ts";
import { expectTyped, type Kind, type Outcome } from "./kind.ts";
import { damaged, joined } from "./mutate.ts";
import { EVIL_NAMES, EVIL_NUMBERS, type Random, someName } from "./random.ts";

const encoded = (value: string): Uint8Array => new TextEncoder().encode(value);
const decoded = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
/** Without halves of characters, which no address can hold. */
const wellFormed = (value: string): string => decoded(encoded(value));
const { network } = await tinyNetwork();

/** "opened" where `read` ends, "refused" where it throws an error of this project. */
async function outcomeOf(read: () => unknown): Promise<Outcome> {
  try {
    await read();
    return "opened";
  } catch (error) {
    expectTyped(error);
    return "refused";
  }
}

function expectSame(what: string, got: string, expected: string): void {
  if (got !== expected)
    throw new Error(`${what}: ${got.slice(0, 300)} in place of ${expected.slice(0, 300)}`);
}

const OBJECTIVES = [
  ..."channel:conv1_1:0|class:1|class:king penguin|neuron:conv1_1:0:0,0|layer:conv1_1|logits:2".split("|"),
  ..."tv|alpha|diversity:conv1_1|align:conv1_1|direction:conv1_1:0=1,2=-1|channel:conv1_1:0:border=1".split(
    "|",
  ),
  ..."interpolate:conv1_1:0,1|caricature:conv1_1|channel:conv1_1:*|channel:relu1_1:3[0,1]|deepdream".split(
    "|",
  ),
];

function someNumber(random: Random): string {
  if (random.chance(0.6)) return String(random.below(100) / random.pick([1, 10, 100]));
  const odd = ["NaN", "Infinity", "-0", "1e999", "0x10", "", " 1 ", "1e-320", "-1", ".5", "1_000"];
  return random.pick([...odd, ...EVIL_NUMBERS.map(String)]);
}

/** A text in which one thing is put for another. */
function rewritten(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  const put = random.pick([someName(random), someNumber(random), ..."*:,+-[]\"' \0".split("")]);
  const to = at + random.below(random.pick([1, 4, 40]));
  return text.slice(0, at) + put + text.slice(to);
}

function someObjective(random: Random): string {
  if (random.chance(0.3)) return `channel:conv1_1:${random.below(4)}`;
  const count = random.chance(0.01) ? random.pick([2000, 20_000]) : 1 + random.below(4);
  const terms = Array.from({ length: count }, () => {
    const term = random.pick(OBJECTIVES);
    const own = random.chance(0.2) ? rewritten(random, term) : term;
    return random.chance(0.3) ? `${someNumber(random)}*${own}` : own;
  });
  const text = terms.join(random.pick([" + ", " - ", " + ", "+", ""]));
  if (random.chance(0.01))
    return random.pick(["(", "-", '"', "1*", "[", "a:"]).repeat(random.pick([100, 100_000]));
  return random.chance(0.1) ? rewritten(random, text) : text;
}

const CHANGES = ["lr", "blur", "decay", "l2", "weight0", "weight1", "iterations", "size", "toString"];
const TRANSFORMS =
  "pad:4 jitter:8 scale:1,0.9 rotate:-5,5 zoom:1.2 none window:0.5 standard mirror jitter:1e9".split(" ");

/** The value of a recipe's field, right or nearly so. */
function someValue(random: Random, field: keyof Recipe): unknown {
  switch (field) {
    case "objective":
      return someObjective(random);
    case "size":
      return random.pick([[64, 64], [1, 4096], [random.below(5000), 8], [8], "8x8", [2.5, 8], [8, -1]]);
    case "changes":
      return random
        .list(random.chance(0.01) ? 9000 : 4, () => {
          const one = `${random.below(300)}:${random.pick(CHANGES)}=${someNumber(random)}`;
          return random.chance(0.1) ? rewritten(random, one) : one;
        })
        .join();
    case "transforms":
      return random.list(random.chance(0.01) ? 5000 : 4, () => random.pick(TRANSFORMS)).join(";");
    default: {
      const value = defaultRecipe[field];
      if (typeof value === "number")
        return Number(random.pick([String(value), String(value), someNumber(random)]));
      if (typeof value === "boolean") return random.chance(0.9) ? random.chance(0.5) : "on";
      return random.chance(0.8) ? value : someName(random);
    }
  }
}

function someRecipe(random: Random): Record<string, unknown> {
  const fields = recipeFieldNames.filter(() => random.chance(0.3));
  const own = fields.map((field) => [
    field,
    random.chance(0.3) ? someValue(random, field) : defaultRecipe[field],
  ]);
  return { objective: someObjective(random), ...Object.fromEntries(own) };
}

const recipeText = (random: Random): string =>
  random.chance(0.5) ? JSON.stringify(someRecipe(random)) : wrongJsonText(random, someRecipe(random));

/** A chunk of PNG; its checksum is not looked at. */
function chunk(type: string, data: Uint8Array, length = data.length): Uint8Array {
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, length >>> 0);
  return joined(size, encoded(type), data, new Uint8Array(4));
}

function pictureWith(random: Random, text: string): Uint8Array {
  const keyword = random.chance(0.9) ? "Description" : someName(random);
  const utf8 = `${keyword}\0\0\0${random.pick(["", "en"])}\0${random.pick(["", "x"])}\0${text}`;
  const texts = [chunk("iTXt", encoded(utf8)), chunk("tEXt", encoded(`${keyword}\0${text}`))];
  const other = (): Uint8Array =>
    chunk(
      random.pick(["iTXt", "tEXt", "zTXt", "IDAT", "IEND"]),
      random.bytes(random.below(60)),
      random.chance(0.8) ? undefined : Number(random.pick(EVIL_NUMBERS) & 0xffffffffn),
    );
  const parts = [
    chunk("IHDR", new Uint8Array(13)),
    ...random.list(3, other),
    random.pick(texts),
    ...random.list(3, other),
  ];
  const many = random.chance(0.003)
    ? Array.from({ length: 50_000 }, () => chunk("tEXt", encoded("a\0b")))
    : [];
  return joined(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), ...parts, ...many);
}

/** As the command line and the element take it, up to where a run would begin. */
function useRecipe(recipe: Recipe): void {
  checkRecipe(recipe);
  const whole = recipeToQuery({ ...recipe, objective: recipe.objective.trim() });
  expectSame("a link of a recipe", recipeToQuery(recipeFromQuery(whole)), whole);
  endOf(recipe);
  placeInNetwork(network, recipe);
  placeInNetwork(network, afterChanges(recipe, changesOf(recipe)));
}

const recipe: Kind = {
  make(random) {
    const text = recipeText(random);
    const bytes = random.chance(0.4) ? pictureWith(random, text) : encoded(text);
    return { name: "file", bytes: random.chance(0.2) ? damaged(random, bytes) : bytes };
  },
  read: ({ bytes }) => outcomeOf(() => useRecipe(parseRecipe(recipeTextOf(bytes) ?? decoded(bytes)))),
};

const LINK_KEYS = [
  "file",
  "network",
  "read-preprocess",
  "read-padding",
  "read-layers",
  "read-epsilon",
  "room",
];

const link: Kind = {
  make(random) {
    const pairs = random.list(6, () => {
      const field = random.pick(recipeFieldNames);
      const key = random.pick([field, field, field, ...LINK_KEYS, someName(random)]);
      const value = Object.hasOwn(defaultRecipe, key)
        ? String(someValue(random, key as keyof Recipe)).replace(/,/g, key === "size" ? "x" : ",")
        : random.pick([someName(random), someNumber(random), "unit", "mean=0,0,0;std=1,1,1", "abc123"]);
      return `${random.chance(0.9) ? encodeURIComponent(wellFormed(key)) : key}=${random.chance(0.8) ? encodeURIComponent(wellFormed(value)) : value}`;
    });
    const objective = random.chance(0.5) ? [`objective=channel:conv1_1:${random.below(5)}`] : [];
    const text = `#${[...objective, ...pairs].join("&")}`;
    const bytes = encoded(random.chance(0.1) ? rewritten(random, text) : text);
    return { name: "file", bytes: random.chance(0.1) ? damaged(random, bytes) : bytes };
  },
  /** Never refused: what makes no sense is left out, and what stays is a recipe in bounds. */
  async read({ bytes }) {
    const state = readLink(decoded(bytes));
    checkRecipe(state.recipe);
    const written = writeLink(state);
    expectSame("a link read and written", writeLink(readLink(written)), written);
    return outcomeOf(() => useRecipe(state.recipe));
  },
};

const LABELS = ["goldfish", "tabby cat", "n01440764", "king penguin"];

function classNames(random: Random): unknown {
  const names = random.list(6, () => (random.chance(0.8) ? random.pick(LABELS) : someName(random)));
  const byIndex = Object.fromEntries(
    names.map((name, i) => [random.chance(0.9) ? i : someName(random), name]),
  );
  const forms = [names, byIndex, Object.fromEntries(names.map((name, i) => [name, i]))];
  const pairs = Object.fromEntries(names.map((name, i) => [i, [someName(random), name]]));
  const form = random.pick([...forms, pairs]);
  const word = random.pick([
    "id2label",
    "class_to_idx",
    "classes",
    "labels",
    "class_names",
    someName(random),
  ]);
  return random.chance(0.6) ? form : { [word]: form };
}

const classes: Kind = {
  make(random) {
    const end = random.pick(["\n", "\r\n", "\r", "\n\n"]);
    const long = random.chance(0.01) ? 60_000 : 6;
    const text = random.chance(0.3)
      ? random.list(long, () => random.pick([...LABELS, someName(random)])).join(end)
      : random.chance(0.3)
        ? JSON.stringify(classNames(random))
        : wrongJsonText(random, classNames(random));
    const bytes = encoded(text);
    return { name: "file", bytes: random.chance(0.1) ? damaged(random, bytes) : bytes };
  },
  async read({ bytes }) {
    const find = async (name: string) => (name === "classes.txt" ? bytesSource(name, bytes) : undefined);
    return outcomeOf(async () => {
      const names = (await classesBeside("weights.pth", find))?.names ?? [];
      if (names.some((name) => typeof name !== "string" || name === ""))
        throw new Error("a class without a name");
      const named = { ...network, classes: names };
      for (const asked of ["goldfish", names.at(-1) as string, EVIL_NAMES.at(-1) as string])
        await outcomeOf(() => classIndex(named, asked));
    });
  },
};

const direction: Kind = {
  make(random, { safetensors }) {
    if (random.chance(0.2)) return { name: "x.safetensors", bytes: damaged(random, safetensors) };
    const list = random.list(random.chance(0.01) ? 60_000 : 8, () => Number(someNumber(random)));
    const byChannel = Object.fromEntries(list.map((x, i) => [random.chance(0.95) ? i : someName(random), x]));
    const good = random.pick([list, byChannel]);
    const text = random.chance(0.5) ? JSON.stringify(good) : wrongJsonText(random, good);
    return { name: "x.json", bytes: encoded(text) };
  },
  read: ({ name, bytes }) =>
    outcomeOf(async () => {
      const tensor = name.endsWith(".json") ? undefined : "features.0.bias";
      const file = { layer: "conv1_1", path: name, tensor };
      directionSpec("conv1_1", await readWeights(file, bytes, "--objective: x"), "--objective: x");
    }),
};

const GPU = {
  adapterName: "none",
  device: {
    limits: { maxStorageBufferBindingSize: 1, maxComputeWorkgroupStorageSize: 1 },
    features: new Set(),
  },
} as unknown as Gpu;

const tuning: Kind = {
  make(random) {
    const shapes = random.list(4, (i) => {
      const timings = random.list(4, () => [
        random.chance(0.9) ? random.pick(convVariantNames) : someName(random),
        { milliseconds: Number(someNumber(random)), sources: someName(random) },
      ]);
      return [random.chance(0.8) ? `shape ${i}` : someName(random), Object.fromEntries(timings)];
    });
    const bytes = encoded(wrongJsonText(random, Object.fromEntries(shapes)));
    return { name: "file", bytes: random.chance(0.2) ? damaged(random, bytes) : bytes };
  },
  /** Never refused: what is no timing is left out. */
  async read({ bytes }) {
    const text = decoded(bytes);
    const record = await recall(GPU, { read: async () => text, write: async () => undefined });
    const timings = Object.values(record).flatMap((times) => Object.entries(times));
    for (const [variant, { milliseconds, sources }] of timings)
      if (
        !convVariantNames.some((name) => name === variant) ||
        !(milliseconds >= 0) ||
        typeof sources !== "string"
      )
        throw new Error(`${variant} takes ${milliseconds} ms`);
    await outcomeOf(() => parseVariants(text, ["conv1_1"]));
    return timings.length > 0 ? "opened" : "refused";
  },
};

export const textKinds = { recipe, link, classes, direction, tuning } as const;
