/**
 * Weights that Keras saved without the network's configuration: what the names of layers tell. A file lists also layers
 * without weights, and calls each after its class unless somebody named it, so that pools, flattens and activations are
 * seen. What those names do not tell is told by `names.ts` and `choose-layers.ts` as of any state dict.
 */
import { WeightsError } from "../../errors.ts";
import type { NamedLayers } from "../checkpoint.ts";
import type { Spot } from "../pools.ts";
import { cannotRun } from "../unrunnable.ts";
import type { KerasTensor } from "./tensors.ts";

/** A layer as the file has it, in order of execution. */
export interface ListedLayer {
  /** Of its class in snake case and a number, `max_pooling2d_1`, or as somebody named it. */
  readonly name: string;
  /** By what they are to it: `kernel`, `bias`, … */
  readonly tensors: ReadonlyMap<string, KerasTensor>;
}

type Kind =
  | "conv"
  | "dense"
  | "norm"
  | "maxpool"
  | "avgpool"
  | "activation"
  | "leaky"
  | "pad"
  | "none"
  | "unknown";

interface Seen extends ListedLayer {
  readonly kind: Kind;
}

/** Of layers without weights. A name that says nothing may be a pool or nothing. */
const WORDS: readonly (readonly [name: RegExp, kind: Kind])[] = [
  [/global_?average|global_?avg|^gap/, "none"],
  [/(average|avg)_?pool/, "avgpool"],
  [/pool/, "maxpool"],
  [/leaky/, "leaky"],
  [/activation|relu|re_lu|^act/, "activation"],
  [/zero_?padding|^pad/, "pad"],
  [/drop|noise|flatten|input|softmax|identity|^random_|rescaling|regularization|top_level|^pred/, "none"],
];

/** Classes that no plain stack has, by the names that Keras gives their layers. */
const OTHERS =
  /^(add|concatenate|multiply|average|maximum|minimum|subtract|dot|merge|reshape|permute|lambda|up_sampling\w*|upsampling\w*|cropping\w*|global_max_pool\w*|elu|selu|gelu|softplus|swish|silu|thresholded_re_lu|layer_normalization|unit_normalization|repeat_vector)(_\d+)?$/;

const PARTS: Readonly<Record<string, string>> = {
  kernel: "weight",
  gamma: "weight",
  bias: "bias",
  beta: "bias",
  moving_mean: "running_mean",
  moving_variance: "running_var",
};

/**
 * @param complete whether layers without weights are listed too
 * @throws WeightsError naming a layer that no plain stack has
 */
export function readAlone(layers: readonly ListedLayer[], complete: boolean): NamedLayers {
  const seen = layers.map((layer): Seen => ({ ...layer, kind: kindOf(layer) }));
  const convs = seen.filter(({ kind }) => kind === "conv");
  const places = convs.map((conv) => seen.indexOf(conv));
  const between = places.map((at, i) => seen.slice(at + 1, places[i + 1] ?? headBegin(seen, at + 1)));
  const names = new Map<string, string>();
  const early = seen.slice(0, places[0] ?? 0).find(({ kind }) => kind === "norm");
  if (early) throw cannotRun(early.name, "batch norm before the first convolution");
  const inside = convs.map((conv, i) =>
    nameBlock(names, `features.${4 * i}`, conv, between[i] ?? [], complete),
  );
  const dense = seen.filter(({ kind }) => kind === "dense");
  const inHead = dense.map((layer, i) => {
    const next = dense[i + 1];
    const behind = seen.slice(seen.indexOf(layer) + 1, next && seen.indexOf(next));
    return nameBlock(names, `classifier.${4 * i}`, layer, behind, complete);
  });
  const lost = seen.find(
    ({ kind, tensors }) => kind === "norm" && ![...names.values()].includes(first(tensors)),
  );
  if (lost) throw cannotRun(lost.name, "batch norm between the convolutions and the linear layers");
  const assumed = new Set([...inside, ...inHead].filter((text) => text !== undefined));
  return {
    names,
    spots: convs.map((conv, i) => spot(conv, convs[i + 1], between[i] ?? [], complete)),
    said: saidBy(between, seen),
    assumptions: [...assumed],
  };
}

function first(tensors: ListedLayer["tensors"]): string {
  return tensors.values().next().value?.name ?? "";
}

function kindOf({ name, tensors }: ListedLayer): Kind {
  const word = name.split("/").at(-1)?.toLowerCase() ?? "";
  const roles = [...tensors.keys()];
  if (OTHERS.test(word)) throw cannotRun(name, `a layer of another kind (${word.replace(/_\d+$/, "")})`);
  if (roles.length === 0) return WORDS.find(([pattern]) => pattern.test(word))?.[1] ?? "unknown";
  const kernel = tensors.get("kernel")?.stored.length;
  if (roles.every((role) => Object.hasOwn(PARTS, role))) {
    if (kernel === 4) return "conv";
    if (kernel === 2) return "dense";
    if (kernel === undefined && tensors.has("moving_mean") && tensors.has("moving_variance")) return "norm";
  }
  throw cannotRun(name, `a layer with weights ${roles.slice(0, 4).join(", ")}`);
}

/** Where the linear layers, or what leads to them, begin. */
function headBegin(seen: readonly Seen[], from: number): number {
  const at = seen.findIndex(
    ({ kind, name }, i) => i >= from && (kind === "dense" || /flatten|global_?(average|avg)/i.test(name)),
  );
  return at < 0 ? seen.length : at;
}

/** Names a layer's tensors, and those of the batch norm that follows. @returns what was assumed of that */
function nameBlock(
  names: Map<string, string>,
  base: string,
  layer: Seen,
  behind: readonly Seen[],
  complete: boolean,
): string | undefined {
  const add = (path: string, { tensors }: Seen): void => {
    for (const [role, tensor] of tensors) names.set(`${path}.${PARTS[role]}`, tensor.name);
  };
  add(base, layer);
  const at = behind.findIndex(({ kind }) => kind === "norm");
  const norm = behind[at];
  if (norm === undefined) return undefined;
  const isActive = ({ kind }: Seen): boolean => kind === "activation" || kind === "leaky";
  const before = behind.slice(0, at);
  const [, stem, index] = /^(.*\.)(\d+)$/.exec(base) ?? [];
  const follows = before.some(({ kind }) => kind === "maxpool" || kind === "avgpool");
  const isAfter = before.some(isActive) || (complete && !behind.slice(at + 1).some(isActive));
  const step = follows ? 3 : isAfter ? 2 : 1;
  add(`${stem}${Number(index) + step}`, norm);
  if (before.some(isActive) || behind.slice(at + 1).some(isActive)) return undefined;
  return isAfter
    ? "batch norm after the activation, which is the layer's own"
    : "batch norm before the activation";
}

/** What may stand after a convolution. */
function spot(conv: Seen, next: Seen | undefined, between: readonly Seen[], complete: boolean): Spot {
  const isPool = ({ kind }: Seen): boolean => kind === "maxpool" || kind === "avgpool";
  const pools = between.filter(isPool).length;
  if (pools > 1) throw cannotRun(between.filter(isPool)[1]?.name ?? "", "a second pool in a row");
  if (pools === 1) return "pool";
  const unknown = between.some(({ kind }) => kind === "unknown");
  if (complete) return unknown ? "likely" : "none";
  if (next === undefined) return "last";
  const [own, others] = [blockOf(conv.name), blockOf(next.name)];
  if (own === undefined || others === undefined) return "free";
  return own === others ? "none" : "boundary";
}

/** `1` of `block1_conv2` and of `conv1_2`; the 2 of `conv2d_1` is none. */
function blockOf(name: string): string | undefined {
  return /(?:^|\/)(?:block_?(\d+)_|conv(\d+)_\d+$)/i
    .exec(name)
    ?.slice(1)
    .find((n) => n !== undefined);
}

/** Keras' LeakyReLU has this slope if not said. */
const SLOPE = 0.3;

/** Kinds of pools and activations, and padding by layers of its own. */
function saidBy(between: readonly (readonly Seen[])[], seen: readonly Seen[]): NamedLayers["said"] {
  const count = (kind: Kind): number =>
    between.filter((row) => row.some((layer) => layer.kind === kind)).length;
  const [averages, maxima, leaky] = [count("avgpool"), count("maxpool"), count("leaky")];
  const pads = seen.filter(({ kind }) => kind === "pad").length;
  if (averages > 0 && maxima > 0) throw mixed("pools of two kinds");
  if (leaky > 0 && leaky < between.length) throw mixed("leaky and other activations");
  if (pads > 0 && pads !== between.length) throw mixed("padding before some convolutions alone");
  const layers = [...(averages > 0 ? ["avgpool"] : []), ...(leaky > 0 ? [`leaky${SLOPE}`] : [])];
  return {
    ...(layers.length === 0 ? {} : { layers: layers.join(" ") }),
    ...(pads > 0 ? { padding: 1 as const } : {}),
  };
}

function mixed(what: string): WeightsError {
  return new WeightsError(`Keras' weights alone do not say where they have which: ${what}`, {
    remedy: 'save the whole network: model.save("network.keras")',
  });
}
