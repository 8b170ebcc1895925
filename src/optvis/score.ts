/** One score of an objective, from text to data and back; the grammar is in `objective.ts`. */
import { InputError } from "../errors.ts";
import { classIndex } from "../model/labels.ts";
import type { Network } from "../model/network.ts";
import { findLayer } from "../model/shapes.ts";
import {
  channelOf,
  expectParts,
  list,
  numberOf,
  parsePosition,
  power,
  type TermText,
} from "./score-parts.ts";
import { EXAMPLE, show } from "./spec-errors.ts";
import { IMAGE_LAYER, type Score, type Term } from "./term.ts";

/** Kinds in the order they are listed in when none fits. */
const FORMS: Readonly<Record<string, (place: TermText) => Score>> = {
  channel: parseChannel,
  neuron: parseNeuron,
  layer: ({ score, layer, parts, network }) => {
    expectParts(score, parts, 0, 0, "layer:LAYER");
    return { kind: "layer", layer: findLayer(network, layer).name };
  },
  direction: parseDirection,
  interpolate: parseInterpolation,
  caricature: ({ score, layer, parts, network }) => {
    const [name, p] = power(score, [layer, ...parts].join(":"));
    return { kind: "caricature", layer: findLayer(network, name).name, power: p };
  },
  invert: whole("invert"),
  style: whole("style"),
  diversity: whole("diversity"),
  align: ({ score, layer, parts, network }) => {
    expectParts(score, parts, 0, 1, "align:LAYER or align:LAYER:DECAY");
    const decay = parts[0] === undefined ? 2 : numberOf(score, parts[0], "a decay", { least: 1 });
    return { kind: "align", layer: findLayer(network, layer).name, decay };
  },
  l1: penalty("l1", 0.5, {}),
  l2: penalty("l2", 0.5, {}),
  tv: penalty("tv", 0, undefined),
  blur: penalty("blur", 1, { least: 0.1, most: 64 }),
  alpha: ({ score }) => {
    expectParts(score, score === "alpha" ? [] : [score], 0, 0, "alpha");
    return { kind: "alpha", layer: IMAGE_LAYER };
  },
};

/** Score, border and images: `channel:conv3_4:17:border=2[0,2]`. */
const PARTS = /^(.*?[^\s])(?::border=(\d{1,4}))?(?:\[\s*(\d{1,3}(?:\s*,\s*\d{1,3})*)\s*\])?$/;

/** Kinds whose mean over positions may leave out a border. */
const BORDERED = [
  "channel",
  "channels",
  "layer",
  "direction",
  "interpolate",
  "caricature",
  "invert",
] as const;

type Bordered = Extract<Score, { readonly kind: (typeof BORDERED)[number] }>;

/**
 * @param text a term without its factor
 * @throws InputError naming what was expected
 */
export function parseScore(text: string, network: Network): Score {
  const [, score = text, border, images] = PARTS.exec(text) ?? [];
  const scored = parseKind(score, network);
  const term = border === undefined ? scored : leavingOut(Number(border), scored, text);
  if (images === undefined) return term;
  if (term.kind === "align" || term.kind === "diversity") {
    throw new InputError(`objective ${show(text)}: ${term.kind} is about the whole batch`, {
      remedy: `write it without [${images}]`,
    });
  }
  return { ...term, images: images.split(",").map(Number) };
}

function leavingOut(border: number, term: Score, text: string): Score {
  if (isOverPositions(term)) return { ...term, border };
  const [kind] = text.split(":");
  throw new InputError(`objective ${show(text)}: ${kind} is no mean over positions, and has no border`, {
    remedy: "a border goes with channel, layer, direction, interpolate, caricature and invert",
  });
}

function isOverPositions(term: Score): term is Bordered {
  return BORDERED.some((kind) => kind === term.kind) && !("position" in term);
}

function parseKind(score: string, network: Network): Score {
  const colon = score.indexOf(":");
  const kind = colon < 0 ? score : score.slice(0, colon);
  const argument = colon < 0 ? "" : score.slice(colon + 1);
  if (kind === "class" && colon >= 0) return { kind: "neuron", ...parseClass(argument, network) };
  const form = Object.hasOwn(FORMS, kind) ? FORMS[kind] : undefined;
  const [layer = "", ...parts] = argument.split(":");
  if (form && (colon >= 0 || isPenaltyKind(kind))) return form({ score, layer, parts, network });
  const kinds = Object.keys(FORMS).map((name) => (isPenaltyKind(name) ? name : `${name}:`));
  kinds.splice(3, 0, "class:");
  throw new InputError(`objective ${show(score)}: expected ${listed(kinds)}`, { remedy: EXAMPLE });
}

function isPenaltyKind(kind: string): boolean {
  return kind === "l1" || kind === "l2" || kind === "tv" || kind === "blur" || kind === "alpha";
}

function listed(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** A kind that is about a whole layer. */
function whole(kind: "invert" | "style" | "diversity") {
  return ({ score, layer, parts, network }: TermText): Score => {
    expectParts(score, parts, 0, 0, `${kind}:LAYER`);
    return { kind, layer: findLayer(network, layer).name };
  };
}

function penalty(
  kind: "l1" | "l2" | "tv" | "blur",
  usual: number,
  bounds: { readonly least?: number; readonly most?: number } | undefined,
) {
  return ({ score, layer, parts }: TermText): Score => {
    const given = score.includes(":") ? [layer, ...parts] : [];
    expectParts(score, given, 0, bounds ? 1 : 0, bounds ? `${kind} or ${kind}:NUMBER` : kind);
    const amount = given[0] === undefined || !bounds ? usual : numberOf(score, given[0], "a number", bounds);
    return { kind, layer: IMAGE_LAYER, amount };
  };
}

function parseChannel({ score, layer, parts, network }: TermText) {
  expectParts(score, parts, 1, 1, "channel:LAYER:I");
  const channels = list(score, layer, parts[0] ?? "", network);
  const [channel, ...more] = channels;
  if (channel !== undefined && more.length === 0) return { kind: "channel" as const, layer, channel };
  return { kind: "channels" as const, layer, channels };
}

function parseNeuron({ score, layer, parts, network }: TermText) {
  expectParts(score, parts, 1, 2, "neuron:LAYER:I or neuron:LAYER:I:Y,X");
  const channel = channelOf(score, layer, parts[0], network);
  const place = parts[1] === undefined ? {} : { position: parsePosition(score, parts[1]) };
  return { kind: "neuron" as const, layer, channel, ...place };
}

/** `direction:LAYER:I=W,J=W…[:Y,X][^P]` */
function parseDirection({ score, layer, parts, network }: TermText) {
  const form = "direction:LAYER:I=W,J=W or direction:LAYER:I=W:Y,X, with ^P for cosᵖ";
  const [text, p] = power(score, parts.join(":"));
  const [components = "", ...places] = text.split(":");
  expectParts(score, places, 0, 1, form);
  const direction = components.split(",").map((component) => {
    const [, channel, x] = /^(\d+)=(\S+)$/.exec(component) ?? [];
    if (channel === undefined || x === undefined) {
      throw new InputError(`objective ${show(score)}: expected ${form}`, { remedy: EXAMPLE });
    }
    return [channelOf(score, layer, channel, network), numberOf(score, x, "a component", {})] as const;
  });
  const place = places[0] === undefined ? {} : { position: parsePosition(score, places[0]) };
  return { kind: "direction" as const, layer, direction, power: p, ...place };
}

function parseInterpolation({ score, layer, parts, network }: TermText) {
  const [from, to, ...more] = (parts[0] ?? "").split(",");
  expectParts(score, parts, 1, 1, "interpolate:LAYER:I,J");
  if (to === undefined || more.length > 0) expectParts(score, [], 1, 1, "interpolate:LAYER:I,J");
  const at = (text: string | undefined) => channelOf(score, layer, text, network);
  return { kind: "interpolate" as const, layer, from: at(from), to: at(to) };
}

function parseClass(
  argument: string,
  network: Network,
): { readonly layer: string; readonly channel: number } {
  const quoted = /^"([^"]*)"$/.exec(argument.trim())?.[1];
  if (quoted === undefined && (argument.includes('"') || argument.trim() === "")) {
    throw new InputError(`objective ${show(`class:${argument}`)}: expected an index or a name`, {
      remedy: EXAMPLE,
    });
  }
  const isNumber = quoted !== undefined && /^[+-]?\d+$/.test(quoted);
  const named = isNumber ? network.classes.indexOf(quoted) : -1;
  const channel = named >= 0 ? named : classIndex(network, quoted ?? argument);
  return { layer: network.layers.at(-1)?.name ?? "", channel };
}

/** The text of a term without its factor; `parseScore` reads it back. Logits are written as classes. */
export function formatScore(term: Term, network: Network): string {
  const border = "border" in term && term.border !== undefined ? `:border=${term.border}` : "";
  const images = term.images === undefined ? "" : `[${term.images.join(",")}]`;
  return `${formatKind(term, network)}${border}${images}`;
}

function formatKind(term: Term, network: Network): string {
  const { kind, layer } = term;
  const raised = "power" in term && term.power !== 0 ? `^${term.power}` : "";
  switch (kind) {
    case "channel":
      return `channel:${layer}:${term.channel}`;
    case "channels":
      return `channel:${layer}:${term.channels.join(",")}`;
    case "neuron":
      return formatNeuron(term, network);
    case "direction": {
      const components = term.direction.map(([channel, x]) => `${channel}=${x}`).join(",");
      return `direction:${layer}:${components}${formatPosition(term)}${raised}`;
    }
    case "directions":
      throw new Error("directions over all channels have no spec");
    case "interpolate":
      return `interpolate:${layer}:${term.from},${term.to}`;
    case "caricature":
      return `caricature:${layer}${raised}`;
    case "align":
      return `align:${layer}${term.decay === 2 ? "" : `:${term.decay}`}`;
    case "l1":
    case "l2":
      return term.amount === 0.5 ? kind : `${kind}:${term.amount}`;
    case "tv":
    case "alpha":
      return kind;
    case "blur":
      return term.amount === 1 ? kind : `${kind}:${term.amount}`;
    default:
      return `${kind}:${layer}`;
  }
}

function formatNeuron(term: Extract<Term, { kind: "neuron" }>, network: Network): string {
  const last = network.layers.at(-1);
  if (last?.kind === "linear" && term.layer === last.name)
    return `class:${formatClass(term.channel, network)}`;
  return `neuron:${term.layer}:${term.channel}${formatPosition(term)}`;
}

function formatPosition({ position }: { readonly position?: readonly number[] }): string {
  return position === undefined ? "" : `:${position.join(",")}`;
}

/** The name where it leads back to the same class, else the index. */
function formatClass(index: number, network: Network): string {
  const name = network.classes[index];
  const unique = name !== undefined && network.classes.indexOf(name) === network.classes.lastIndexOf(name);
  if (!unique || name.trim() !== name || name === "" || name.includes('"')) return String(index);
  return /^[A-Za-z][A-Za-z_'-]*$/.test(name) ? name : `"${name}"`;
}
