/**
 * The layers that an objective needs, one step each: how far the network is run, which layers the kernel of a layer before
 * them computes, and which channels of the last layer are wanted at all.
 */
import { InputError } from "../../errors.ts";
import type { Layer, Network, Shape } from "../../model/network.ts";
import type { ChooseVariant } from "../../nn/conv3x3.ts";
import type { PlannedLayer } from "../../nn/layer.ts";
import { layerKind } from "../../nn/registry.ts";
import {
  channelsOf,
  isPenalty,
  type Objective,
  readsActivation,
  type Term,
  withinRows,
} from "../../optvis/term.ts";
import type { Allocation } from "./memory.ts";

/** One layer of the plan. */
export interface Step extends PlannedLayer<Layer> {
  /** How many steps after it its forward kernel computes as well. Of these the last one's activation alone is written. */
  readonly fuses: number;
  /** Terms that read the activation, with channels counted among `rows`. */
  readonly terms: readonly IndexedTerm[];
  /** The activation is needed on the way back although deeper layers follow. */
  readonly kept: boolean;
}

/** A term and its place in the objective. */
export interface IndexedTerm {
  readonly index: number;
  readonly term: Term;
}

export interface StepOptions {
  readonly convVariant: ChooseVariant;
  /** The device's largest storage binding, in bytes. */
  readonly bindingLimit: number;
  readonly wholeLayers: boolean;
  /** Layer whose whole activation is kept to be read. */
  readonly keep?: string | undefined;
  /** Layer of which the Grad-CAM is made on the way back. */
  readonly cam?: string | undefined;
}

/** Name of the last layer, in order of execution, that a term reads. */
export function deepestLayer(network: Network, objective: Objective): string {
  const read = new Set(objective.terms.map((term) => term.layer));
  const deepest = network.layers.findLast((layer) => read.has(layer.name));
  if (!deepest) throw new InputError("objective: expected a term that reads a layer of the network");
  return deepest.name;
}

/**
 * @param shapes of every layer's output up to the deepest one; layers beyond them are not computed
 * @param image the network's input
 */
export function planSteps(
  network: Network,
  shapes: ReadonlyMap<string, Shape>,
  image: Shape,
  batch: number,
  terms: readonly Term[],
  options: StepOptions,
  memory: Allocation,
): Step[] {
  const layers = network.layers.slice(0, shapes.size);
  const { convVariant, bindingLimit, wholeLayers, keep } = options;
  const wanted = wholeLayers || keep !== undefined ? undefined : wantedRows(layers, shapes, terms);
  let input = image;
  return layers.map((layer, i): Step => {
    const rows = wanted && i >= wanted.from ? wanted.rows : undefined;
    const whole = shapes.get(layer.name) as Shape;
    const output = rows ? { ...whole, channels: rows.length } : whole;
    const sized = { layer, batch, input, output };
    const bits = () => memory.buffer(`${layer.name}.bits`, "bits", layerKind(layer).bitsBytes(sized));
    const planned = { ...sized, rows, memory, convVariant, bindingLimit, bits };
    const read = termsAt(terms, layer.name);
    input = output;
    return {
      ...planned,
      fuses: layerKind(layer).fuses(planned, fusable(layers.slice(i), terms, options)),
      terms: rows ? read.map(({ index, term }) => ({ index, term: withinRows(term, rows) })) : read,
      kept:
        isKept(layer, options) || (i < layers.length - 1 && read.some(({ term }) => readsActivation(term))),
    };
  });
}

/** The terms that read a layer, with their places in the objective. */
function termsAt(terms: readonly Term[], layer: string): IndexedTerm[] {
  return terms.flatMap((term, index) => (term.layer === layer && !isPenalty(term) ? [{ index, term }] : []));
}

/** The layers after the first that its kernel may compute: nothing reads an activation that is then not written. */
function fusable(
  [first, ...after]: readonly Layer[],
  terms: readonly Term[],
  options: StepOptions,
): readonly Layer[] {
  const isRead = (layer: Layer) => isKept(layer, options) || terms.some((term) => term.layer === layer.name);
  if (!first || isRead(first)) return [];
  const read = after.findIndex(isRead);
  return after.slice(0, read < 0 ? undefined : read + 1);
}

/** Whether something besides the objective's terms reads the activation. */
function isKept({ name }: Layer, { keep, cam }: StepOptions): boolean {
  return name === keep || name === cam;
}

/**
 * The channels that the objective reads of the last layer that mixes channels. From there on everything works channel by
 * channel, so the other channels need not be computed.
 */
function wantedRows(layers: readonly Layer[], shapes: ReadonlyMap<string, Shape>, terms: readonly Term[]) {
  const from = layers.findLastIndex((layer) => layerKind(layer).reads === "channels");
  const mixing = layers[from];
  if (!mixing || layerKind(mixing).weights === "none") return undefined;
  const last = new Set(layers.slice(from).map((layer) => layer.name));
  const reading = terms.filter((term) => last.has(term.layer));
  const channels = new Set<number>();
  for (const term of reading) {
    const read = channelsOf(term);
    if (read === undefined) return undefined;
    for (const channel of read) channels.add(channel);
  }
  const whole = shapes.get(mixing.name)?.channels ?? 0;
  if (channels.size === 0 || channels.size === whole) return undefined;
  return { from, rows: [...channels].sort((a, b) => a - b) };
}

/** Multiplications and additions of one pass through whole layers, whatever a plan skips. */
export function wholeFlops(
  batch: number,
  layers: readonly Layer[],
  shapes: ReadonlyMap<string, Shape>,
  image: Shape,
): number {
  let flops = 0;
  let input = image;
  for (const layer of layers) {
    const output = shapes.get(layer.name) as Shape;
    flops += layerKind(layer).flops({ layer, batch, input, output });
    input = output;
  }
  return flops;
}
