/**
 * Makes a network of the layers that a file's own graph lists. Layers get this project's names: blocks are counted by the
 * pools that end them (`conv1_1`, `relu1_1`, `pool1`), linear layers from `fc6`, and the last one is `logits`. Batch norm
 * right after a convolution or a linear layer is folded into it; elsewhere it becomes a layer of its own.
 */
import { shown, WeightsError } from "../errors.ts";
import type { Colours } from "../nn/preprocess.ts";
import type { Architecture } from "./architecture.ts";
import type { Edges, GraphLayer, Pair } from "./checkpoint.ts";
import {
  type LayerTensors,
  requireTensor,
  requireVector,
  type TensorShapes,
  usesBatchNorm,
} from "./layer-tensors.ts";
import { classNames, type Metadata } from "./metadata.ts";
import type { Layer } from "./network.ts";
import { networkName } from "./network-name.ts";
import { formatShape } from "./safetensors.ts";
import { NETWORKS_THAT_OPEN, otherImages } from "./unrunnable.ts";

const MOST_LAYERS = 1000;
/** The largest map that an adaptive average pool makes. */
const MOST_POOLED = 64;

type OfKind<K extends GraphLayer["kind"]> = Extract<GraphLayer, { readonly kind: K }>;

/**
 * @param graph the layers in order of execution
 * @param shapes of the file's tensors, which are OIHW and OI
 * @param metadata `classes` is read
 * @throws WeightsError naming the first layer that cannot be run, and what it is
 */
export function networkOfGraph(
  graph: readonly GraphLayer[],
  shapes: TensorShapes,
  metadata: Metadata = {},
): Architecture {
  if (graph.length > MOST_LAYERS) {
    throw refused(`the file lists ${graph.length} layers, more than ${MOST_LAYERS}`);
  }
  const chain = new Chain(shapes, imageChannels(graph, shapes));
  const kept = graph.slice(0, headEnd(graph));
  const lastDense = kept.findLastIndex(({ kind }) => kind === "dense");
  const isHead = kept.slice(lastDense + 1).every(({ kind }) => kind === "batchnorm");
  for (const [i, layer] of kept.entries()) {
    chain.add(layer, `layer ${i + 1}${named(layer)}`, isHead && i === lastDense);
  }
  const { layers, bindings, used } = chain;
  if (bindings.size === 0) throw refused("the file lists no layer that has weights");
  const last = layers.at(-1);
  const outputs = last?.kind === "linear" && last.name === "logits" ? last.outputFeatures : undefined;
  return {
    network: {
      name: networkName(layers, usesBatchNorm(bindings)),
      layers,
      classes: classNames(metadata, outputs),
    },
    bindings,
    unusedTensors: [...shapes.keys()].filter((name) => !used.has(name)),
    assumptions: [],
  };
}

/**
 * How many of the layers are run: what follows the last linear layer or global pool, and only turns scores into
 * probabilities or does nothing at inference, is left out. A class is the logit before it.
 */
function headEnd(graph: readonly GraphLayer[]): number {
  const end = graph.findLastIndex((layer) => !isWithoutEffect(layer)) + 1;
  if (graph[end - 1]?.kind !== "sigmoid") return end;
  // Of a linear layer's units it makes probabilities, as a softmax does. Of a map it is a layer.
  const before = headEnd(graph.slice(0, end - 1));
  const linear = graph.slice(0, before).findLast(({ kind }) => kind !== "batchnorm");
  return linear?.kind === "dense" ? before : end;
}

function isWithoutEffect({ kind }: GraphLayer): boolean {
  return kind === "softmax" || kind === "dropout" || kind === "flatten";
}

/** What the first convolution reads: grey, or what is taken for RGB until it is looked at. */
function imageChannels(graph: readonly GraphLayer[], shapes: TensorShapes): Colours {
  const first = graph.find((layer) => layer.kind === "conv");
  return first?.groups === 1 && shapes.get(first.weight)?.[1] === 1 ? 1 : 3;
}

/** The network as far as it is read. */
class Chain {
  readonly layers: Layer[] = [];
  readonly bindings = new Map<string, LayerTensors>();
  readonly used = new Set<string>();
  readonly #shapes: TensorShapes;
  #channels: number;
  /** The place in names: block and convolution within it, or the number of the linear layer. */
  #block = 1;
  #place = 0;
  #dense = 0;
  /** What a linear layer would read: a map, units that a map was flattened to, or units. */
  #input: "map" | "flattened" | "units" = "map";
  /** The layer that takes in a batch norm which comes next. */
  #open: string | undefined;

  /** @param channels of the image */
  constructor(shapes: TensorShapes, channels: number) {
    this.#shapes = shapes;
    this.#channels = channels;
  }

  /** @param where for messages @param isLogits whether this linear layer's units are the classes */
  add(layer: GraphLayer, where: string, isLogits: boolean): void {
    const open = this.#open;
    if (layer.kind !== "dropout") this.#open = undefined;
    switch (layer.kind) {
      case "conv":
        this.#convolution(layer, where);
        break;
      case "dense":
        this.#linear(layer, where, isLogits);
        break;
      case "batchnorm":
        this.#batchNorm(layer, where, open);
        break;
      case "relu":
      case "tanh":
      case "sigmoid":
        this.#push({ kind: layer.kind, name: this.#named(layer.kind) });
        break;
      case "leaky":
        this.#leaky(layer.slope, where);
        break;
      case "maxpool":
      case "avgpool":
        this.#pool(layer, where);
        break;
      case "globalavgpool":
        this.#globalPool(where);
        break;
      case "adaptiveavgpool":
        this.#adaptivePool(layer.side, where);
        break;
      case "flatten":
        if (this.#input === "map") this.#input = "flattened";
        break;
      case "dropout":
        break;
      case "softmax":
        throw refused(`${where} is a softmax between other layers, which cannot be run`);
      case "other":
        throw refused(`${where} is ${layer.what}, which cannot be run`);
    }
  }

  #convolution(layer: OfKind<"conv">, where: string): void {
    const name = `conv${this.#block}_${this.#place + 1}`;
    if (this.#input !== "map") throw refused(`${where} is a convolution of what was flattened`);
    const shape = requireTensor(this.#shapes, name, layer.weight, this.used);
    const [outputChannels = 0, inputChannels = 0, side = 0] = shape;
    const images = this.layers.length === 0 && layer.groups === 1 ? otherImages(where, shape) : undefined;
    if (images !== undefined) throw images;
    const problem = convolutionProblem(layer, shape, this.#channels);
    if (problem !== undefined) throw refused(`${where} is ${problem}, which cannot be run`);
    const padding = layer.padding.top;
    if (layer.bias !== undefined) requireVector(this.#shapes, name, layer.bias, outputChannels, this.used);
    this.#place++;
    this.#channels = outputChannels;
    const sizes = { name, inputChannels, outputChannels };
    this.#push(
      side === 3 && (padding === 0 || padding === 1)
        ? { kind: "conv", ...sizes, padding }
        : { kind: "plainconv", ...sizes, side, padding },
    );
    this.#bind(name, layer);
  }

  #linear(layer: OfKind<"dense">, where: string, isLogits: boolean): void {
    const name = isLogits ? "logits" : `fc${6 + this.#dense}`;
    if (this.#input === "map") {
      throw refused(`${where} is a linear layer at every position of a map, which cannot be run`);
    }
    const shape = requireTensor(this.#shapes, name, layer.weight, this.used);
    const [outputFeatures = 0, inputFeatures = 0] = shape;
    const fits =
      this.#input === "flattened" ? inputFeatures % this.#channels === 0 : inputFeatures === this.#channels;
    if (shape.length !== 2 || outputFeatures < 1 || inputFeatures < 1 || !fits) {
      const expected = `(outputs,${this.#channels}${this.#input === "flattened" ? "·positions" : ""})`;
      throw refused(`${where} (${layer.weight}): weights expect ${expected}, got ${formatShape(shape)}`);
    }
    if (layer.bias !== undefined) requireVector(this.#shapes, name, layer.bias, outputFeatures, this.used);
    this.#dense++;
    this.#channels = outputFeatures;
    this.#input = "units";
    this.#push({ kind: "linear", name, inputFeatures, outputFeatures });
    this.#bind(name, layer);
  }

  /** @param open the layer before it that can take it in */
  #batchNorm(layer: OfKind<"batchnorm">, where: string, open: string | undefined): void {
    const { weight, bias, mean, variance, epsilon } = layer;
    const channels = this.#channels;
    if (this.#input === "flattened") {
      throw refused(`${where} is batch norm of a flattened map, which cannot be run`);
    }
    if (!(epsilon >= 0 && Number.isFinite(epsilon))) {
      throw refused(`${where}: ε of batch norm expects a number that is not negative, got ${epsilon}`);
    }
    const name = open ?? this.#named("norm");
    const parts = { ...(weight === undefined ? {} : { weight }), ...(bias === undefined ? {} : { bias }) };
    const batchNorm = { ...parts, mean, variance, epsilon };
    for (const tensor of [weight, bias, mean, variance]) {
      if (tensor !== undefined) requireVector(this.#shapes, name, tensor, channels, this.used);
    }
    if (open !== undefined) {
      this.bindings.set(open, { ...this.bindings.get(open), batchNorm });
      return;
    }
    this.#push({ kind: "affine", name, channels });
    this.bindings.set(name, { batchNorm });
  }

  #leaky(slope: number, where: string): void {
    if (!Number.isFinite(slope)) throw refused(`${where}: slope expects a number, got ${slope}`);
    const name = this.#named("relu");
    this.#push(slope === 0 ? { kind: "relu", name } : { kind: "leaky", name, slope });
  }

  #pool({ kind, kernel, stride, padding }: OfKind<"maxpool" | "avgpool">, where: string): void {
    const text = `a ${kernel.join("×")} ${kind === "maxpool" ? "max-pool" : "average pool"}`;
    if (this.#input !== "map") throw refused(`${where} is ${text} of what was flattened`);
    const unpadded = isAll(edges(padding), 0);
    // A pool of single pixels does nothing.
    if (unpadded && isAll(kernel, 1) && isAll(stride, 1)) return;
    if (!unpadded) throw refused(`${where} is ${text} with padding, which cannot be run`);
    if (!isAll(kernel, 2) || !isAll(stride, 2)) {
      throw refused(`${where} is ${text} with stride ${stride.join("×")}, which cannot be run`);
    }
    this.#push({ kind: kind === "maxpool" ? kind : "avgpool2x2", name: `pool${this.#block}` });
    this.#block++;
    this.#place = 0;
  }

  #globalPool(where: string): void {
    if (this.#input === "flattened") throw refused(`${where} is an average pool of what was flattened`);
    if (this.#input === "units") return;
    this.#push({ kind: "avgpool", name: "avgpool", outputSize: 1 });
    // Linear layers may follow without a flatten, as in Keras.
    this.#input = "units";
  }

  #adaptivePool(side: number, where: string): void {
    if (side === 1) {
      this.#globalPool(where);
      return;
    }
    if (this.#input !== "map") throw refused(`${where} is an average pool of what was flattened`);
    if (!(Number.isInteger(side) && side > 0 && side <= MOST_POOLED)) {
      throw refused(`${where} is an average pool to ${side}×${side}, which cannot be run`);
    }
    this.#push({ kind: "avgpool", name: "avgpool", outputSize: side });
  }

  #bind(name: string, { weight, bias }: { readonly weight: string; readonly bias?: string }): void {
    this.bindings.set(name, { weight, ...(bias === undefined ? {} : { bias }) });
    this.#open = name;
  }

  /** `relu3_4` after `conv3_4`, `relu6` after `fc6`; a letter more where that name is taken. */
  #named(kind: string): string {
    const place = this.#dense > 0 ? String(5 + this.#dense) : `${this.#block}_${this.#place}`;
    const taken = this.layers.filter(({ name }) => name.replace(/[b-z]+$/, "") === kind + place).length;
    return kind + place + (taken === 0 ? "" : String.fromCharCode(97 + Math.min(taken, 25)));
  }

  #push(layer: Layer): void {
    if (this.layers.some(({ name }) => name === layer.name)) {
      throw refused(`${layer.name} would stand twice in the network`);
    }
    this.layers.push(layer);
  }
}

/** In words what keeps a convolution from running; undefined where nothing does. */
function convolutionProblem(
  { stride, dilation, groups, padding }: OfKind<"conv">,
  shape: readonly number[],
  channels: number,
): string | undefined {
  const [outputs = 0, inputs = 0, height = 0, width = 0] = shape;
  const text = `a ${height}×${width} convolution`;
  if (shape.length !== 4 || outputs < 1) return `a convolution with weights ${formatShape(shape)}`;
  if (groups !== 1) return groups === channels ? "a depthwise convolution" : `${text} in ${groups} groups`;
  if (!isAll(stride, 1)) return `${text} with stride ${stride.join("×")}`;
  if (!isAll(dilation, 1)) return `${text} with dilation ${dilation.join("×")}`;
  if (height !== width || height % 2 === 0) return text;
  if (inputs !== channels)
    return `${text} of ${inputs} channel${inputs === 1 ? "" : "s"}, where ${channels} come in`;
  const [pad = 0, ...others] = edges(padding);
  if (!isAll(others, pad)) return `${text} with padding that differs between its sides`;
  return Number.isInteger(pad) && pad >= 0 && pad < height ? undefined : `${text} with padding ${pad}`;
}

function edges({ top, left, bottom, right }: Edges): readonly number[] {
  return [top, left, bottom, right];
}

function isAll(values: Pair | readonly number[], wanted: number): boolean {
  return values.every((value) => value === wanted);
}

/** Quoted: the names are a stranger's, and the message may end on a terminal. */
function named({ name }: GraphLayer): string {
  return name === "" ? "" : ` (${shown(name)})`;
}

function refused(problem: string): WeightsError {
  return new WeightsError(problem, { remedy: NETWORKS_THAT_OPEN });
}
