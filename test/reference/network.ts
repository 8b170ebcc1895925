import type { Layer, LayerWeights, Model, Network } from "../../src/model/network.ts";
import { hasWeights } from "../../src/nn/registry.ts";
import { isPlain, type PlainTerm, type Term } from "../../src/optvis/term.ts";
import { affineBackward, affineForward } from "./affine.ts";
import { avgPoolBackward, avgPoolForward } from "./avgpool.ts";
import { avgPool2x2Backward, avgPool2x2Forward } from "./avgpool2x2.ts";
import { convBackwardInput, convForward } from "./conv.ts";
import { conv3x3BackwardInput, conv3x3Forward } from "./conv3x3.ts";
import { leakyBackward, leakyForward } from "./leaky.ts";
import { linearBackwardInput, linearForward } from "./linear.ts";
import { maxPoolBackward, maxPoolForward } from "./maxpool.ts";
import { l2Seed, l2Value, termSeed, termValue } from "./objective.ts";
import { preprocessBackward, preprocessForward } from "./preprocess.ts";
import { reluBackward, reluBackwardRedirect, reluForward } from "./relu.ts";
import { sigmoidForward, smoothBackward, smoothDerivative, tanhForward } from "./smooth.ts";
import type { Tensor } from "./tensor.ts";

/** Float64 weights of the layers that have any, by layer name; OIHW or OI, batch norm folded in. */
export type ReferenceWeights = ReadonlyMap<
  string,
  { readonly weight: Float64Array; readonly bias: Float64Array }
>;

/** Output of every layer by its name, and the winners of every max-pool. */
export interface Activations {
  readonly outputs: ReadonlyMap<string, Tensor>;
  readonly winners: ReadonlyMap<string, Uint8Array>;
}

/** Reads the weights of every layer up to and including `last` (of all layers if not said). */
export async function referenceWeights(model: Model, last?: string): Promise<ReferenceWeights> {
  const weights = new Map<string, { weight: Float64Array; bias: Float64Array }>();
  for (const layer of layersTo(model.network, last)) {
    if (!hasWeights(layer)) continue;
    const { weight, bias }: LayerWeights = await model.layerWeights(layer);
    weights.set(layer.name, { weight: Float64Array.from(weight), bias: Float64Array.from(bias) });
  }
  return weights;
}

/** The layers up to and including `last`. */
export function layersTo(network: Network, last?: string): readonly Layer[] {
  if (last === undefined) return network.layers;
  const index = network.layers.findIndex((layer) => layer.name === last);
  if (index < 0) throw new Error(`layersTo: no layer ${last}`);
  return network.layers.slice(0, index + 1);
}

/**
 * @param layers in order; the first reads `net`
 * @param net the network's input, (N,3,H,W), preprocessed
 */
export function networkForward(
  layers: readonly Layer[],
  weights: ReferenceWeights,
  net: Tensor,
): Activations {
  const outputs = new Map<string, Tensor>();
  const winners = new Map<string, Uint8Array>();
  let x = net;
  for (const layer of layers) {
    if (layer.kind === "maxpool") {
      const pooled = maxPoolForward(x);
      winners.set(layer.name, pooled.winners);
      x = pooled.output;
    } else x = layerForward(layer, weights, x);
    outputs.set(layer.name, x);
  }
  return { outputs, winners };
}

function layerForward(
  layer: Exclude<Layer, { kind: "maxpool" }>,
  weights: ReferenceWeights,
  x: Tensor,
): Tensor {
  const { weight, bias } = weights.get(layer.name) ?? {
    weight: new Float64Array(),
    bias: new Float64Array(),
  };
  switch (layer.kind) {
    case "relu":
      return reluForward(x);
    case "leaky":
      return leakyForward(x, layer.slope);
    case "tanh":
      return tanhForward(x);
    case "sigmoid":
      return sigmoidForward(x);
    case "avgpool2x2":
      return avgPool2x2Forward(x);
    case "avgpool":
      return avgPoolForward(x, layer.outputSize);
    case "affine":
      return affineForward(x, weight, bias);
    case "conv":
      return conv3x3Forward(x, weight, bias, layer.padding);
    case "plainconv":
      return convForward(x, weight, bias, layer.padding);
    case "linear":
      return linearForward(x, weight, bias);
  }
}

/**
 * Gradient of Σ weight·term with respect to the network's input.
 *
 * @param redirect send ReLU gradients by {@link reluBackwardRedirect}
 * @returns (N,3,H,W)
 */
export function networkBackward(
  layers: readonly Layer[],
  weights: ReferenceWeights,
  net: Tensor,
  activations: Activations,
  terms: readonly Term[],
  redirect: boolean,
): Tensor {
  let gradient: Tensor | undefined;
  for (let i = layers.length - 1; i >= 0; i--) {
    const layer = layers[i]!;
    const output = activations.outputs.get(layer.name)!;
    for (const term of plain(terms).filter((candidate) => candidate.layer === layer.name)) {
      const seed = termSeed(term, output);
      gradient = gradient === undefined ? seed : add(gradient, seed);
    }
    if (gradient === undefined) continue;
    const input = i === 0 ? net : activations.outputs.get(layers[i - 1]!.name)!;
    gradient = layerBackward(layer, weights, gradient, input, activations, redirect);
  }
  if (gradient === undefined) throw new Error("networkBackward: no term names a layer of the network");
  return gradient;
}

function layerBackward(
  layer: Layer,
  weights: ReferenceWeights,
  dy: Tensor,
  input: Tensor,
  activations: Activations,
  redirect: boolean,
): Tensor {
  switch (layer.kind) {
    case "relu":
      return redirect ? reluBackwardRedirect(dy, input) : reluBackward(dy, input);
    case "maxpool":
      return maxPoolBackward(dy, activations.winners.get(layer.name)!, input.shape);
    case "leaky":
      return leakyBackward(dy, input, layer.slope);
    case "tanh":
    case "sigmoid":
      return smoothBackward(dy, smoothDerivative(layer.kind, input));
    case "affine":
      return affineBackward(dy, weights.get(layer.name)!.weight);
    case "avgpool2x2":
      return avgPool2x2Backward(dy, input.shape);
    case "avgpool":
      return avgPoolBackward(dy, input.shape);
    case "plainconv":
      return convBackwardInput(dy, weights.get(layer.name)!.weight, input.shape, layer.padding);
    case "conv":
      return conv3x3BackwardInput(dy, weights.get(layer.name)!.weight, layer.inputChannels, layer.padding);
    case "linear":
      return linearBackwardInput(dy, weights.get(layer.name)!.weight, input.shape);
  }
}

function add(a: Tensor, b: Tensor): Tensor {
  return { shape: a.shape, data: a.data.map((value, i) => value + b.data[i]!) };
}

export interface ReferenceGradient {
  /** Σ weight·term − l2·Σ net², one a image. */
  readonly objective: Float64Array;
  /** With respect to the RGB image in 0–1 units, (N,3,H,W). */
  readonly gradient: Tensor;
}

/**
 * Objective and gradient of a resident image, float64 throughout.
 *
 * @param model its `network` and `preprocess` are read
 * @param u resident image rgb − mean, (N,3,H,W); see `subtractMean`
 * @param options.l2 λ of −λ·Σ(network input)², 0 if not said
 */
export function objectiveGradient(
  model: Pick<Model, "network" | "preprocess">,
  weights: ReferenceWeights,
  terms: readonly Term[],
  u: Tensor,
  options: { readonly l2?: number; readonly redirect?: boolean } = {},
): ReferenceGradient {
  const { l2 = 0, redirect = false } = options;
  const layers = layersTo(model.network, deepestLayer(model.network, terms));
  const net = preprocessForward(u, model.preprocess);
  const activations = networkForward(layers, weights, net);
  const objective = l2Value(net, l2);
  for (const term of plain(terms)) {
    const values = termValue(term, activations.outputs.get(term.layer)!);
    for (const [n, value] of values.entries()) objective[n]! += term.weight * value;
  }
  const dnet = add(networkBackward(layers, weights, net, activations, terms, redirect), l2Seed(net, l2));
  return { objective, gradient: preprocessBackward(dnet, model.preprocess) };
}

/** Whole networks have twins for these alone; the others are held to theirs layer by layer, and to PyTorch. */
function plain(terms: readonly Term[]): readonly PlainTerm[] {
  if (!terms.every(isPlain)) throw new Error("no float64 twin of a whole network for this objective");
  return terms;
}

/** Name of the last layer that a term reads. */
export function deepestLayer(network: Network, terms: readonly Term[]): string {
  const read = network.layers.filter((layer) => terms.some((term) => term.layer === layer.name));
  const last = read.at(-1);
  if (last === undefined) throw new Error("deepestLayer: no term names a layer of the network");
  return last.name;
}
