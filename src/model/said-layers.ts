/** What is said of the layers by hand, as the option, flag, attribute, control and metadata `layers` say it. */
import { InputError, shown } from "../errors.ts";
import type { Layer } from "./network.ts";

export type Activation =
  | { readonly kind: "relu" | "tanh" | "sigmoid" }
  | { readonly kind: "leaky"; readonly slope: number };

/** @param place `3_4` after `conv3_4`, `6` after `fc6` */
export function activationLayer(activation: Activation, place: string): Layer {
  const { kind } = activation;
  return { ...activation, name: `${kind === "leaky" ? "relu" : kind}${place}` };
}

/** What is not said is left out. */
export interface SaidLayers {
  /** After which convolutions pools stand. */
  readonly pools?: readonly boolean[];
  /** Of all pools. */
  readonly pool?: "maxpool" | "avgpool2x2";
  /** Of all convolutions and hidden linear layers. */
  readonly activation?: Activation;
  /** Batch norm follows activations, where modules have no numbers that tell it. */
  readonly normLast?: boolean;
  /** Of hidden linear layers, where it is another. */
  readonly headActivation?: Activation;
}

export const BY_HAND =
  "say it by layers, such as `conv conv pool conv pool`: every convolution, and the pools; `avgpool`, `leaky0.1`, `tanh` and `sigmoid` alone say that all pools or activations are others";

/** Words that say nothing which is not there without them. */
const WITHOUT_EFFECT = ["dropout", "flatten"];

/**
 * `conv conv pool conv pool`, or `64,64,M,128,M` by widths: after which convolutions pools stand; ReLUs follow without being
 * said. `avgpool`, `leaky0.1`, `tanh` and `sigmoid` say of all pools and activations that they are others, also without any
 * `conv`: `leaky0.1 avgpool`. Behind `fc` an activation is of the linear layers alone. `relu batchnorm` says that batch norm
 * follows the activations.
 * @throws InputError for another word or number of convolutions
 */
export function readLayers(text: string, convolutions: number): SaidLayers {
  const words = text
    .trim()
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== "");
  const pools: boolean[] = [];
  const kinds = new Set<"maxpool" | "avgpool2x2">();
  const activations = new Map<string, Activation>();
  const headActivations = new Map<string, Activation>();
  let behind = activations;
  const placed = words.some(isConv);
  const orders = new Set<boolean>();
  for (const [i, word] of words.entries()) {
    const pool = poolOf(word);
    const activation = activationOf(word);
    if (isConv(word)) pools.push(false);
    else if (pool !== undefined && (!placed || pools.length > 0)) {
      kinds.add(pool);
      if (placed) pools[pools.length - 1] = true;
    } else if (activation !== undefined) behind.set(word, activation);
    else if (word === "batchnorm") orders.add(activationOf(words[i - 1] ?? "") !== undefined);
    else if (word === "fc" || word === "linear") behind = headActivations;
    else if (!WITHOUT_EFFECT.includes(word)) {
      throw wrong(
        `expected conv, pool, avgpool, relu, leaky0.1, tanh, sigmoid, batchnorm or fc, got ${shown(word)}`,
      );
    }
  }
  if (words.length === 0) throw wrong(`expected words, got ${shown(text)}`);
  if (placed && pools.length !== convolutions) {
    throw wrong(`the file has ${convolutions} convolutions, got ${pools.length}`);
  }
  const pool = only(kinds.values(), "pools");
  const activation = only(activations.values(), "activations");
  const headActivation = only(headActivations.values(), "activations behind linear layers");
  const normLast = only(orders.values(), "batch norms");
  return {
    ...(normLast === undefined ? {} : { normLast }),
    ...(placed ? { pools, pool: "maxpool" as const, activation: { kind: "relu" } as const } : {}),
    ...(pool === undefined ? {} : { pool }),
    ...(activation === undefined ? {} : { activation }),
    ...(headActivation === undefined ? {} : { headActivation }),
  };
}

function isConv(word: string): boolean {
  return word === "conv" || /^\d+$/.test(word);
}

function poolOf(word: string): "maxpool" | "avgpool2x2" | undefined {
  if (word === "avgpool") return "avgpool2x2";
  return word === "pool" || word === "maxpool" || word === "m" ? "maxpool" : undefined;
}

function activationOf(word: string): Activation | undefined {
  const slope = Number(/^leaky(0?\.\d+)$/.exec(word)?.[1]);
  if (slope > 0) return { kind: "leaky", slope };
  return word === "relu" || word === "tanh" || word === "sigmoid" ? { kind: word } : undefined;
}

/** @throws InputError where there are several */
function only<Value>(values: Iterable<Value>, what: string): Value | undefined {
  const [first, second] = values;
  if (second === undefined) return first;
  throw wrong(`expected ${what} of one kind`);
}

function wrong(problem: string): InputError {
  return new InputError(`layers: ${problem}`, { remedy: BY_HAND });
}

/**
 * What a file says of itself, `32,M,64,64,M; global average pool`: torchvision's way to write a VGG, whose convolutions are
 * padded, followed by ReLUs, and by a max-pool where M stands.
 * @returns undefined where it is written otherwise or is of other widths
 */
export function layersOfArch(text: string | undefined, widths: readonly number[]): SaidLayers | undefined {
  const list = /^\s*(?:\d+|M)(?:\s*,\s*(?:\d+|M))+\s*(?=;|$)/.exec(text?.slice(0, 1000) ?? "")?.[0];
  const words = list?.split(",").map((word) => word.trim()) ?? [];
  const given = words.filter((word) => word !== "M").map(Number);
  if (list === undefined || given.join() !== widths.join() || words[0] === "M") return undefined;
  return readLayers(words.join(" "), widths.length);
}
