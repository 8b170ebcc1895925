/** What lies at an address beside weights, and what is kept of downloads: a stranger's words, and entries that changed. */
import { deleteKept, type KeptStorage, listKept } from "../../../src/model/kept.ts";
import { openModel } from "../../../src/model/model.ts";
import { modelSource } from "../../../src/model/model-source.ts";
import type { Model } from "../../../src/model/network.ts";
import { urlSource } from "../../../src/model/url-source.ts";
import { hasWeights } from "../../../src/nn/registry.ts";
import { checkpoint, featureShapes, withLinear } from "../../model/checkpoints.ts";
import { wrongJsonText } from "./json.ts";
import { expectTyped, type Kind, type Outcome } from "./kind.ts";
import { damaged } from "./mutate.ts";
import { EVIL_NUMBERS, Random, someName } from "./random.ts";

const encoded = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);

/** A server of files by the last part of their address. Ranges are served. */
function serving(files: Readonly<Record<string, Uint8Array>>): typeof fetch {
  return (async (input: string, init?: RequestInit) => {
    const name = decodeURIComponent(input.split("/").at(-1) ?? "");
    const bytes = Object.hasOwn(files, name) ? files[name] : undefined;
    if (bytes === undefined) return new Response("", { status: 404 });
    const headers = new Headers({ etag: '"1"', "accept-ranges": "bytes" });
    const [, first, last] = /^bytes=(\d+)-(\d+)/.exec(new Headers(init?.headers).get("range") ?? "") ?? [];
    if (first === undefined) return new Response(bytes.slice(), { headers });
    const [begin, end] = [Number(first), Math.min(Number(last) + 1, bytes.length)];
    if (begin >= end) return new Response("", { status: 416 });
    headers.set("content-range", `bytes ${begin}-${end - 1}/${bytes.length}`);
    headers.set("content-length", String(end - begin));
    return new Response(bytes.slice(begin, end), { status: 206, headers });
  }) as typeof fetch;
}

/** The weights of every layer. */
async function readWhole(model: Model): Promise<void> {
  for (const layer of model.network.layers.filter(hasWeights)) await model.layerWeights(layer);
}

const TIMM = {
  architecture: "vgg11",
  num_classes: 5,
  label_names: ["a", "b", "c", "d", "e"],
  pretrained_cfg: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], input_size: [3, 224, 224] },
};
const LABELLED = { model_type: "vgg", id2label: { 0: "a", 1: "b", 2: "c", 3: "d", 4: "e" } };
const PROCESSOR = {
  ...{ do_rescale: true, rescale_factor: 1 / 255, do_normalize: true, do_flip_channel_order: false },
  ...{ image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5], size: { height: 224, width: 224 } },
};

/** Without names of its classes. */
const NAMELESS = checkpoint(withLinear(featureShapes([4, "M", 5, "M"], true), "classifier", [5, 5]), {});

const config: Kind = {
  make(random) {
    const one = wrongJsonText(random, random.pick([TIMM, LABELLED]));
    const two = wrongJsonText(random, PROCESSOR);
    const bytes = encoded(one);
    return {
      name: "config.json",
      bytes: random.chance(0.1) ? damaged(random, bytes) : bytes,
      beside: {
        "model.safetensors": NAMELESS,
        ...(random.chance(0.6) && { "preprocessor_config.json": encoded(two) }),
      },
    };
  },
  async read({ bytes, beside = {} }) {
    try {
      const server = serving({ ...beside, "config.json": bytes });
      const found = await modelSource("hf:a/b", { fetch: server, hub: "https://hub.test", retryMs: 1 });
      const model = await openModel(found.source, { ...found.options, beside: found.beside });
      const { classes } = model.network;
      if (classes.length !== 0 && (classes.length !== 5 || classes.some((name) => typeof name !== "string")))
        throw new Error(`classes: ${JSON.stringify(classes)}`);
      await readWhole(model);
      return "opened";
    } catch (error) {
      expectTyped(error);
      return "refused";
    }
  },
};

const ADDRESS = "https://files.test/net.safetensors";

type Entries = Map<string, Uint8Array<ArrayBuffer>>;

function storageOf(entries: Entries): KeptStorage {
  return {
    names: async (folder) => [...entries.keys()].filter((name) => !folder || name.startsWith(`${folder}/`)),
    read: async (name) => entries.get(name)?.slice(),
    write: async (name, bytes) => void entries.set(name, bytes.slice()),
    remove: async (name) => void entries.delete(name),
  };
}

async function openKeptModel(
  entries: Entries,
  options: { fetch?: typeof fetch; offline?: boolean },
): Promise<Model> {
  const source = await urlSource(ADDRESS, { ...options, cache: storageOf(entries), retryMs: 1 });
  return openModel(source);
}

/** A file of several parts, what is kept once it was read, and its weights. */
interface Downloaded {
  readonly file: Uint8Array;
  readonly entries: Entries;
  readonly weights: string;
}

let downloaded: Promise<Downloaded> | undefined;

async function download(): Promise<Downloaded> {
  const file = checkpoint(featureShapes([32, "M", 64, 64, "M"], true), { preprocess: "unit" });
  const entries: Entries = new Map();
  const model = await openKeptModel(entries, { fetch: serving({ "net.safetensors": file }) });
  return { file, entries, weights: await fingerprint(model) };
}

async function fingerprint(model: Model): Promise<string> {
  const layers = model.network.layers.filter(hasWeights);
  const sums: number[] = [];
  for (const layer of layers) {
    const { weight, bias } = await model.layerWeights(layer);
    for (const numbers of [weight, bias])
      sums.push(numbers.reduce((sum, number, i) => sum + number * (1 + (i % 97)), 0));
  }
  return sums.join();
}

/** With another number, hash or version in its name, or another name altogether. */
function renamed(random: Random, name: string): string {
  if (random.chance(0.1)) return someName(random);
  const parts = name.split("-");
  const at = random.below(parts.length);
  const value = random.pick([...EVIL_NUMBERS.map(String), "-1", "x", "0".repeat(16)]);
  const other = at === 0 ? `${name.split("/")[0]}/${value}` : value;
  return parts.map((part, i) => (i === at ? other : part)).join("-");
}

function changed(random: Random, good: Entries, about: Uint8Array): Entries {
  return new Map(
    [...good].flatMap(([name, bytes]) => {
      if (random.chance(0.6)) return [[name, bytes] as const];
      if (random.chance(0.2)) return [];
      if (name.endsWith("about.json")) return [[name, about.slice()] as const];
      if (random.chance(0.4)) return [[renamed(random, name), bytes] as const];
      return [[name, new Uint8Array(damaged(random, bytes))] as const];
    }),
  );
}

async function readOffline(entries: Entries, weights: string): Promise<Outcome> {
  try {
    if ((await fingerprint(await openKeptModel(entries, { offline: true }))) !== weights)
      throw new Error("other weights without a word");
    return "opened";
  } catch (error) {
    expectTyped(error);
    return "refused";
  }
}

const kept: Kind = {
  make: (random) => ({
    name: String(random.bits()),
    bytes: encoded(wrongJsonText(random, { name: "x", size: 9, version: "1" })),
  }),
  /**
   * However the entries changed: with its server the network opens with the weights of the file, and without it opens so
   * or is refused. What is listed can be deleted.
   */
  async read({ name, bytes }) {
    downloaded ??= download();
    const { file, entries: good, weights } = await downloaded;
    const entries = changed(new Random("kept entries", Number(name)), good, bytes);
    const outcome = await readOffline(new Map(entries), weights);
    const model = await openKeptModel(entries, { fetch: serving({ "net.safetensors": file }) });
    if ((await fingerprint(model)) !== weights) throw new Error("other weights than the server's");
    const storage = storageOf(entries);
    for (const { key, name: listed, size, kept: count } of await listKept(storage)) {
      if (typeof listed !== "string" || !Number.isSafeInteger(size) || !(count >= 0))
        throw new Error(`listed: ${listed}, ${size} bytes, ${count} kept`);
      await deleteKept(storage, key);
    }
    return outcome;
  },
};

export const placeKinds = { config, kept } as const;
