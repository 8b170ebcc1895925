/**
 * The layers an objective needs, as steps of the passes: how far the network is run, which ReLUs are
 * computed by the convolution before them and which max-pools by the kernel before them, and which channels of the last layer are wanted at all.
 */
import type { ConvLayer, Layer, Network, ReluLayer, Shape } from "../../model/network.ts";
import { type ConvShape, convFlops, correlation, variantOf } from "../../nn/conv3x3.ts";
import { type LinearShape, linearFlops } from "../../nn/linear.ts";
import {
  channelsOf,
  isPenalty,
  type Objective,
  readsActivation,
  type Term,
  withinRows,
} from "../../optvis/term.ts";
import type { ChooseVariant } from "../kernels/variants.ts";

/** One layer, or a convolution with the ReLU that its kernel computes. */
export interface Step {
  readonly layer: Layer;
  readonly fusedRelu: ReluLayer | undefined;
  /** Whose activation the step leaves: the fused ReLU's or the layer's own name. */
  readonly name: string;
  readonly input: Shape;
  readonly output: Shape;
  /** The kernel computes the next step, a max-pool, as well, so that this one's activation is never written. */
  readonly fusesPool: boolean;
  /** Output channels or units computed, where the objective needs only some of them. */
  readonly rows: readonly number[] | undefined;
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
  if (!deepest) throw new Error("an objective reads at least one layer");
  return deepest.name;
}

/** @param shapes of every layer's output up to the deepest one; layers beyond them are not computed */
export function planSteps(
  network: Network,
  shapes: ReadonlyMap<string, Shape>,
  image: Shape,
  batch: number,
  terms: readonly Term[],
  options: StepOptions,
): Step[] {
  const layers = network.layers.slice(0, shapes.size);
  const wanted =
    options.wholeLayers || options.keep !== undefined ? undefined : wantedRows(layers, shapes, terms);
  const steps: Step[] = [];
  let input = image;
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[i] as Layer;
    const rows = wanted && i >= wanted.from ? wanted.rows : undefined;
    const whole = shapes.get(layer.name) as Shape;
    const output = rows ? { ...whole, channels: rows.length } : whole;
    const { fusedRelu, fusesPool } = fusedWith(layers, i, { batch, input, output }, terms, options);
    if (fusedRelu) i++;
    const name = fusedRelu?.name ?? layer.name;
    const read = termsAt(terms, name);
    steps.push({
      layer,
      fusedRelu,
      name,
      input,
      output,
      fusesPool,
      rows,
      terms: rows ? read.map(({ index, term }) => ({ index, term: withinRows(term, rows) })) : read,
      kept:
        isRead(name, options) || (i < layers.length - 1 && read.some(({ term }) => readsActivation(term))),
    });
    input = output;
  }
  return steps;
}

/** The terms that read a layer, with their places in the objective. */
function termsAt(terms: readonly Term[], layer: string): IndexedTerm[] {
  return terms.flatMap((term, index) => (term.layer === layer && !isPenalty(term) ? [{ index, term }] : []));
}

/**
 * What the forward kernel of layer i computes of the layers after it: of a convolution the ReLU and the max-pool, as
 * far as its family can; of a ReLU the max-pool. Nothing may read what is then not written.
 */
function fusedWith(
  layers: readonly Layer[],
  i: number,
  { batch, ...sizes }: Pick<Step, "input" | "output"> & { readonly batch: number },
  terms: readonly Term[],
  options: StepOptions,
): Pick<Step, "fusedRelu" | "fusesPool"> {
  const [layer, next, afterNext] = layers.slice(i, i + 3);
  const unread = ({ name }: Layer) => !isRead(name, options) && !terms.some((term) => term.layer === name);
  const nothing = { fusedRelu: undefined, fusesPool: false };
  if (!layer || !unread(layer)) return nothing;
  if (layer.kind === "relu") return { ...nothing, fusesPool: next?.kind === "maxpool" };
  if (layer.kind !== "conv" || next?.kind !== "relu") return nothing;
  const pass = correlation(convShape(batch, layer, sizes), "forward");
  const family = variantOf(options.convVariant(layer.name, "forward", pass));
  const fusesPool = family.fusesPool && afterNext?.kind === "maxpool" && unread(next);
  return fusesPool || family.fusesRelu ? { fusedRelu: next, fusesPool } : nothing;
}

/** Whether something besides the objective's terms reads the activation. */
function isRead(name: string, { keep, cam }: StepOptions): boolean {
  return name === keep || name === cam;
}

/**
 * The channels of the last layer with weights that the objective reads: from there on everything works
 * channel by channel, so the others need not be computed.
 */
function wantedRows(layers: readonly Layer[], shapes: ReadonlyMap<string, Shape>, terms: readonly Term[]) {
  const from = layers.findLastIndex((layer) => layer.kind === "conv" || layer.kind === "linear");
  const last = new Set(layers.slice(from).map((layer) => layer.name));
  const reading = terms.filter((term) => last.has(term.layer));
  const channels = new Set<number>();
  for (const term of reading) {
    const read = channelsOf(term);
    if (read === undefined) return undefined;
    for (const channel of read) channels.add(channel);
  }
  const whole = shapes.get(layers[from]?.name ?? "")?.channels ?? 0;
  if (from < 0 || channels.size === 0 || channels.size === whole) return undefined;
  return { from, rows: [...channels].sort((a, b) => a - b) };
}

export function elements({ channels, height, width }: Shape): number {
  return channels * height * width;
}

export function convShape(
  batch: number,
  layer: ConvLayer,
  { input, output }: Pick<Step, "input" | "output">,
): ConvShape {
  return {
    batch,
    inputChannels: input.channels,
    inputHeight: input.height,
    inputWidth: input.width,
    outputChannels: output.channels,
    padding: layer.padding,
  };
}

export function linearShape(batch: number, { input, output }: Pick<Step, "input" | "output">): LinearShape {
  return { batch, inputFeatures: elements(input), outputFeatures: output.channels };
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
    if (layer.kind === "conv") flops += convFlops(convShape(batch, layer, { input, output }));
    if (layer.kind === "linear") {
      flops += linearFlops(linearShape(batch, { input, output }), layer.outputFeatures);
    }
    input = output;
  }
  return flops;
}
