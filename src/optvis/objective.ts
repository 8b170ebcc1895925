/**
 * Objectives: what the image should make the network do more of, as text and as data.
 *
 *     spec = term {" + " term | " - " term}      term = [NUMBER "*"] score
 *     score = "channel:" LAYER ":" I             mean over positions; a unit of a linear layer
 *           | "neuron:" LAYER ":" I [":" Y "," X]  one unit, the centre one (⌊H/2⌋, ⌊W/2⌋) if not said
 *           | "layer:" LAYER                     mean of squares (DeepDream)
 *           | "class:" (I | NAME | '"' NAME '"')   a logit, the score before softmax
 *
 * Indices count from zero. Class names match in any case; quotes are for names with " + " or " - " in them,
 * and for names that are numbers.
 */
import { InputError } from "../errors.ts";
import { classIndex } from "../model/labels.ts";
import type { Network, Shape } from "../model/network.ts";
import { findLayer, layerChannels } from "../model/shapes.ts";

interface Weighted {
  /** Multiple, negative where the term is subtracted. */
  readonly weight: number;
  readonly layer: string;
}

export interface ChannelTerm extends Weighted {
  readonly kind: "channel";
  readonly channel: number;
}

export interface NeuronTerm extends Weighted {
  readonly kind: "neuron";
  readonly channel: number;
  /** Row and column; the centre if absent. */
  readonly position?: readonly [y: number, x: number];
}

export interface LayerTerm extends Weighted {
  readonly kind: "layer";
}

export type Term = ChannelTerm | NeuronTerm | LayerTerm;

/** The weighted sum of its terms. */
export interface Objective {
  readonly terms: readonly Term[];
}

/** Longer specs are refused before they cost anything. */
const MAX_SPEC_LENGTH = 4096;
const FACTOR = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*\*\s*/;
const EXAMPLE = 'write for example channel:conv2_1:5 - 0.5*channel:conv1_2:3, or class:"NAME WITH SPACES"';

/**
 * A class becomes the neuron of the last linear layer. Neuron positions depend on the image's size:
 * `placeObjective` checks them.
 * @throws InputError naming the layers there are, the range, or the nearest class names.
 */
export function parseObjective(spec: string, network: Network): Objective {
  if (spec.length > MAX_SPEC_LENGTH) {
    throw new InputError(`objective expects at most ${MAX_SPEC_LENGTH} characters, got ${spec.length}`);
  }
  return { terms: splitTerms(spec).map(({ sign, text }) => parseTerm(sign, text, network)) };
}

/**
 * The same objective with every neuron's position filled in.
 * @param shapes of the layers at the image's size, from `layerShapes`.
 * @throws InputError with the bounds where a position lies outside its layer.
 */
export function placeObjective(objective: Objective, shapes: ReadonlyMap<string, Shape>): Objective {
  return {
    terms: objective.terms.map((term) => (term.kind === "neuron" ? placeNeuron(term, shapes) : term)),
  };
}

/** The spec of an objective; `parseObjective` reads it back. Logits are written as classes. */
export function formatObjective(objective: Objective, network: Network): string {
  return objective.terms
    .map((term, i) => {
      const subtracts = i > 0 && term.weight < 0;
      const factor = subtracts ? -term.weight : term.weight;
      const joiner = i === 0 ? "" : subtracts ? " - " : " + ";
      return `${joiner}${factor === 1 ? "" : `${factor}*`}${formatScore(term, network)}`;
    })
    .join("");
}

interface SignedText {
  readonly sign: 1 | -1;
  readonly text: string;
}

/** Splits at ` + ` and ` - ` outside quotes. */
function splitTerms(spec: string): readonly SignedText[] {
  const terms: SignedText[] = [];
  const joiner = /\s+([+-])\s+/y;
  let sign: 1 | -1 = 1;
  let begin = 0;
  let quoted = false;
  for (let at = 0; at < spec.length; at++) {
    if (spec[at] === '"') quoted = !quoted;
    joiner.lastIndex = at;
    const found = quoted ? null : joiner.exec(spec);
    if (found === null) continue;
    terms.push({ sign, text: spec.slice(begin, at) });
    sign = found[1] === "-" ? -1 : 1;
    begin = joiner.lastIndex;
    at = begin - 1;
  }
  if (quoted) throw new InputError(`objective ${show(spec)}: a quote is not closed`, { remedy: EXAMPLE });
  return [...terms, { sign, text: spec.slice(begin) }];
}

function parseTerm(sign: 1 | -1, text: string, network: Network): Term {
  const trimmed = text.trim();
  const factor = FACTOR.exec(trimmed);
  const weight = sign * Number(factor?.[1] ?? 1);
  if (!Number.isFinite(weight)) throw new InputError(`objective ${show(trimmed)}: the factor is not finite`);
  const score = trimmed.slice(factor?.[0].length ?? 0);
  const colon = score.indexOf(":");
  const kind = score.slice(0, Math.max(colon, 0));
  const argument = score.slice(colon + 1);
  if (kind === "class") return { kind: "neuron", weight, ...parseClass(argument, network) };
  const [layer = "", ...indices] = argument.split(":");
  if (kind === "layer") {
    expectParts(score, indices, 0, 0, "layer:LAYER");
    return { kind, weight, layer: findLayer(network, layer).name };
  }
  if (kind === "channel") {
    expectParts(score, indices, 1, 1, "channel:LAYER:I");
    return { kind, weight, layer, channel: parseChannel(score, layer, indices[0], network) };
  }
  if (kind === "neuron") {
    expectParts(score, indices, 1, 2, "neuron:LAYER:I or neuron:LAYER:I:Y,X");
    const channel = parseChannel(score, layer, indices[0], network);
    const place = indices[1] === undefined ? {} : { position: parsePosition(score, indices[1]) };
    return { kind, weight, layer, channel, ...place };
  }
  throw new InputError(`objective ${show(trimmed)}: expected channel:, neuron:, layer: or class:`, {
    remedy: EXAMPLE,
  });
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

function parseChannel(score: string, layer: string, text: string | undefined, network: Network): number {
  findLayer(network, layer);
  const count = layerChannels(network, layer);
  if (text !== undefined && /^\d+$/.test(text) && Number(text) < count) return Number(text);
  throw new InputError(`objective ${show(score)}: ${layer} has no channel ${show(text ?? "")}`, {
    remedy: `channels of ${layer} are 0 to ${count - 1}`,
  });
}

function parsePosition(score: string, text: string): readonly [number, number] {
  const [, y, x] = /^(\d{1,9}),(\d{1,9})$/.exec(text) ?? [];
  if (y !== undefined && x !== undefined) return [Number(y), Number(x)];
  throw new InputError(`objective ${show(score)}: expected a position Y,X, got ${show(text)}`, {
    remedy: "row and column count from 0; without a position it is the centre",
  });
}

function expectParts(score: string, got: readonly string[], least: number, most: number, form: string): void {
  if (got.length >= least && got.length <= most) return;
  throw new InputError(`objective ${show(score)}: expected ${form}`, { remedy: EXAMPLE });
}

function placeNeuron(term: NeuronTerm, shapes: ReadonlyMap<string, Shape>): NeuronTerm {
  const shape = shapes.get(term.layer);
  if (shape === undefined) throw new InputError(`layer ${show(term.layer)} has no shape at this size`);
  const { height, width } = shape;
  const [y, x] = term.position ?? [Math.floor(height / 2), Math.floor(width / 2)];
  if (y < height && x < width) return { ...term, position: [y, x] };
  throw new InputError(`objective: ${term.layer} has no position ${y},${x}`, {
    remedy: `at this size rows are 0 to ${height - 1} and columns 0 to ${width - 1}`,
  });
}

function formatScore(term: Term, network: Network): string {
  if (term.kind === "layer") return `layer:${term.layer}`;
  if (term.kind === "channel") return `channel:${term.layer}:${term.channel}`;
  const last = network.layers.at(-1);
  if (last?.kind === "linear" && term.layer === last.name)
    return `class:${formatClass(term.channel, network)}`;
  const place = term.position === undefined ? "" : `:${term.position.join(",")}`;
  return `neuron:${term.layer}:${term.channel}${place}`;
}

/** The name where it leads back to the same class, else the index. */
function formatClass(index: number, network: Network): string {
  const name = network.classes[index];
  const unique = name !== undefined && network.classes.indexOf(name) === network.classes.lastIndexOf(name);
  if (!unique || name.trim() !== name || name === "" || name.includes('"')) return String(index);
  return /^[A-Za-z][A-Za-z_'-]*$/.test(name) ? name : `"${name}"`;
}

function show(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
