/**
 * Reads the architecture of a plain stack of convolutions from its tensors' names and shapes. The names are torchvision's
 * (`features.N`, `classifier.N`) or timm's (`features.N`, `pre_logits.fcN`, `head.fc`), or any that `names.ts` gives those
 * names.
 *
 * N counts the modules of the original network. So the step from one convolution's N to the next tells what stood between
 * them: 2 for a ReLU; 3 for a ReLU and a pool, or a dropout; 4 for all three. Batch norm has tensors of its own and adds 1.
 * What that leaves open is chosen so that it fits the head (`pools.ts`), and told in `assumptions`.
 */
import { WeightsError } from "../errors.ts";
import { readNorm } from "./batch-norm.ts";
import { type ChosenLayers, chooseLayers } from "./choose-layers.ts";
import { findHead, type Head, headLayers } from "./head.ts";
import {
  type BatchNormTensors,
  type LayerTensors,
  mismatch,
  NamedShapes,
  REMEDY,
  requireTensor,
  requireVector,
  type TensorShapes,
} from "./layer-tensors.ts";
import { classNames, type Metadata, metadataReading } from "./metadata.ts";
import { namedTensors } from "./names.ts";
import type { Layer, Network } from "./network.ts";
import { networkName } from "./network-name.ts";
import type { Spot } from "./pools.ts";
import type { Reading } from "./reading.ts";
import { activationLayer } from "./said-layers.ts";
import { isPublishedFile } from "./vggs.ts";

export interface Architecture {
  readonly network: Network;
  /** By layer name, for every `conv` and `linear` layer. */
  readonly bindings: ReadonlyMap<string, LayerTensors>;
  /** Tensors the network does not use, in the file's order. */
  readonly unusedTensors: readonly string[];
  /** What neither names nor shapes nor metadata say and was taken for granted, a sentence each. */
  readonly assumptions: readonly string[];
}

/** They replace what the metadata says. */
export type ArchitectureOptions = Omit<Reading, "preprocess">;

export interface FoundConv {
  /** N of `features.N`. */
  readonly index: number;
  /** `conv3_4`, which messages call it by: as if a pool stood wherever the numbering leaves room. */
  readonly likelyName: string;
  readonly tensors: LayerTensors;
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** Of its square kernel. */
  readonly side: number;
  /** Batch norm after its ReLU. */
  readonly normAfterRelu?: BatchNormTensors;
}

/**
 * @param metadata `padding` ("0" or "1"), `pool_last` ("false": no pool between the last convolution and
 *   the head), `layers` (as the option) and `classes` (JSON array or comma-separated) are read; the rest is for people.
 * @throws WeightsError naming the layer and tensor, what was expected and what is there; InputError where two networks fit
 */
export function inferNetwork(
  file: TensorShapes,
  metadata: Metadata,
  options: ArchitectureOptions = {},
): Architecture {
  const named = namedTensors(file);
  const given = { ...metadataReading(metadata), ...options };
  const tensors = new NamedShapes(named, given.epsilon);
  const used = new Set<string>();
  const convs = findConvs(tensors, used);
  const head = findHead(tensors, used);
  const spots = named.spots ?? spotsByNumbers(convs);
  const known = isPublishedFile(file);
  const chosen = chooseLayers({ convs, head, spots, known }, metadata, given);

  const bindings = new Map<string, LayerTensors>();
  const layers: Layer[] = convLayers(convs, chosen, bindings);
  if (chosen.average !== undefined)
    layers.push({ kind: "avgpool", name: "avgpool", outputSize: chosen.average });
  layers.push(...headLayers(head, chosen.headActivation, bindings));
  const outputs = head.complete ? head.linears[head.linears.length - 1]?.outputFeatures : undefined;
  const network: Network = {
    name: networkName(layers, usesBatchNorm(convs)),
    layers,
    classes: classNames(metadata, outputs),
  };
  const originals = new Set([...used].map((name) => named.original(name)));
  return {
    network,
    bindings: new Map([...bindings].map(([layer, own]) => [layer, originalTensors(own, named.original)])),
    unusedTensors: [...file.keys()].filter((name) => !originals.has(name)),
    assumptions: [...named.assumptions, ...chosen.assumptions, ...missingBiases(convs, head, tensors)],
  };
}

function originalTensors(
  { weight, bias, batchNorm }: LayerTensors,
  original: (name: string) => string,
): LayerTensors {
  return {
    ...(weight === undefined ? {} : { weight: original(weight) }),
    ...(bias === undefined ? {} : { bias: original(bias) }),
    ...(batchNorm === undefined ? {} : { batchNorm: originalNorm(batchNorm, original) }),
  };
}

function originalNorm(norm: BatchNormTensors, original: (name: string) => string): BatchNormTensors {
  const { weight, bias, mean, variance } = norm;
  return {
    ...norm,
    ...(weight === undefined ? {} : { weight: original(weight) }),
    ...(bias === undefined ? {} : { bias: original(bias) }),
    mean: original(mean),
    variance: original(variance),
  };
}

/** PyTorch's `bias=False`. Under a batch norm it is usual and goes without saying. */
function missingBiases(convs: readonly FoundConv[], head: Head, tensors: NamedShapes): readonly string[] {
  const without = [...convs, ...head.linears]
    .map((layer) => layer.tensors)
    .filter(({ bias, batchNorm }) => bias === undefined && batchNorm === undefined);
  if (without.length === 0) return [];
  const first = tensors.original(without[0]?.weight ?? "");
  const more = without.length === 1 ? "" : ` and ${without.length - 1} more`;
  return [`biases are zeros where the file has none: ${first}${more}`];
}

function findConvs(tensors: NamedShapes, used: Set<string>): readonly FoundConv[] {
  const indices = new Set<number>();
  for (const name of tensors.keys()) {
    const index = /^features\.(0|[1-9]\d{0,3})\./.exec(name)?.[1];
    if (index !== undefined) indices.add(Number(index));
  }
  if (!indices.has(0)) throw noConvolution(tensors);
  const ordered = [...indices].sort((a, b) => a - b);
  const convs: FoundConv[] = [];
  for (const index of ordered) {
    const previous = convs[convs.length - 1];
    if (previous?.tensors.batchNorm !== undefined && index === previous.index + 1) continue;
    if (previous?.normAfterRelu !== undefined && index === previous.index + 2) continue;
    expectRunnable(tensors, index, convs.length);
    convs.push(readConv(tensors, index, previous, used));
  }
  return convs;
}

function noConvolution(tensors: NamedShapes): WeightsError {
  // Quoted: the names are a stranger's, and the message may end on a terminal.
  const keras = [...tensors.keys()].find((name) => /\/(kernel|gamma)(:0)?$/.test(name));
  if (keras !== undefined) {
    const message = `${JSON.stringify(keras.slice(0, 60))} is in Keras's names and order (HWIO)`;
    return new WeightsError(message, { remedy: "open the .h5 or .keras file that it was made of" });
  }
  const names = [...tensors.keys()].slice(0, 3).map((name) => JSON.stringify(name.slice(0, 60)));
  const found = names.join(", ") || "no tensors";
  return new WeightsError(`conv1_1: tensor features.0.weight is missing, got ${found}`, {
    remedy: REMEDY,
  });
}

/** A layer of a kind that does not run is named, before its numbers are looked at. */
function expectRunnable(tensors: NamedShapes, index: number, place: number): void {
  const base = `features.${index}`;
  const shape = tensors.get(`${base}.weight`);
  if (shape === undefined || place === 0) return;
  const name = tensors.original(`${base}.weight`).replace(/\.weight$/, "");
  const what =
    shape.length === 1 && tensors.has(`${base}.running_mean`)
      ? "is batch norm that follows neither a convolution nor its ReLU"
      : shape.length === 1
        ? "is a normalization or a learned activation without running statistics"
        : undefined;
  if (what !== undefined) throw new WeightsError(`${name} ${what}, which does not run`, { remedy: REMEDY });
}

/** What the numbering of `features.N` tells of the place after each convolution. */
function spotsByNumbers(convs: readonly FoundConv[]): readonly Spot[] {
  return convs.map(({ index, tensors, normAfterRelu }, i): Spot => {
    const next = convs[i + 1];
    if (next === undefined) return "last";
    const gap = next.index - index - ((tensors.batchNorm ?? normAfterRelu) ? 1 : 0);
    if (gap === 2) return "none";
    if (gap === 3) return "likely";
    if (gap === 4) return "pool";
    const problem = gap < 2 ? "no room for a ReLU between them" : "a convolution between them is missing";
    throw new WeightsError(`features.${index} and features.${next.index}: ${problem}`, { remedy: REMEDY });
  });
}

function likelyName(index: number, previous: FoundConv | undefined): string {
  if (previous === undefined) return "conv1_1";
  const [block = 1, place = 1] = (previous.likelyName.match(/\d+/g) ?? []).map(Number);
  const gap = index - previous.index - ((previous.tensors.batchNorm ?? previous.normAfterRelu) ? 1 : 0);
  return gap >= 3 ? `conv${block + 1}_1` : `conv${block}_${place + 1}`;
}

function readConv(
  tensors: NamedShapes,
  index: number,
  previous: FoundConv | undefined,
  used: Set<string>,
): FoundConv {
  const layer = likelyName(index, previous);
  const inputChannels = previous?.outputChannels ?? 3;
  const weight = `features.${index}.weight`;
  const shape = requireTensor(tensors, layer, weight, used);
  const outputChannels = shape[0] ?? 0;
  if (shape.length !== 4 || outputChannels < 1 || shape[1] !== inputChannels || !isOddSquare(shape)) {
    const outputs = (tensors.get(`features.${index}.bias`) ??
      tensors.get(`features.${index + 1}.weight`))?.[0];
    const hint = layoutHint(shape, inputChannels, outputs, index);
    throw mismatch(layer, tensors.original(weight), `(outputs,${inputChannels},3,3)`, shape, hint);
  }
  const batchNorm = readNorm(tensors, `features.${index + 1}`, layer, outputChannels, used);
  const biasName = `features.${index}.bias`;
  const bias = tensors.has(biasName) ? { bias: biasName } : {};
  if (bias.bias !== undefined) requireVector(tensors, layer, biasName, outputChannels, used);
  const second = batchNorm
    ? undefined
    : readNorm(tensors, `features.${index + 2}`, layer, outputChannels, used);
  const after = second === undefined ? {} : { normAfterRelu: second };
  const layerTensors = { weight, ...bias, ...(batchNorm === undefined ? {} : { batchNorm }) };
  return {
    index,
    side: shape[2] as number,
    likelyName: layer,
    ...after,
    inputChannels,
    outputChannels,
    tensors: layerTensors,
  };
}

const LARGEST_SIDE = 15;

function isOddSquare([, , height = 0, width = 0]: readonly number[]): boolean {
  return height === width && height % 2 === 1 && height <= LARGEST_SIDE;
}

function convLayers(
  convs: readonly FoundConv[],
  { pools, padding, pool, activation }: ChosenLayers,
  bindings: Map<string, LayerTensors>,
): Layer[] {
  const layers: Layer[] = [];
  let block = 1;
  let place = 1;
  for (const [i, { inputChannels, outputChannels, tensors, side, normAfterRelu }] of convs.entries()) {
    const name = `conv${block}_${place}`;
    const channels = { name, inputChannels, outputChannels };
    if (side === 3) layers.push({ kind: "conv", ...channels, padding });
    else layers.push({ kind: "plainconv", ...channels, side, padding: (padding * (side - 1)) / 2 });
    layers.push(activationLayer(activation, `${block}_${place}`));
    bindings.set(name, tensors);
    if (normAfterRelu !== undefined) {
      const norm = `norm${block}_${place}`;
      layers.push({ kind: "affine", name: norm, channels: outputChannels });
      bindings.set(norm, { batchNorm: normAfterRelu });
    }
    place += 1;
    if (pools[i] !== true) continue;
    layers.push({ kind: pool, name: `pool${block}` });
    block += 1;
    place = 1;
  }
  return layers;
}

function usesBatchNorm(convs: readonly FoundConv[]): boolean {
  return convs.some((conv) => conv.tensors.batchNorm !== undefined);
}

/** Other orders of a convolution's weights: which dimension is the outputs O, and which the inputs I. */
const LAYOUTS: readonly { readonly name: string; readonly O: number; readonly I: number }[] = [
  { name: "HWIO (TensorFlow, Keras)", O: 3, I: 2 },
  { name: "OHWI (tflite)", O: 0, I: 3 },
  { name: "IOHW", O: 1, I: 0 },
];

/**
 * Why weights do not fit. A layout is named only where its outputs are as many as the layer's other tensors have. A wrong
 * number of channels may look like another layout, above all with 64 inputs and 64 outputs.
 * @param outputs as the bias or batch norm says; undefined where neither is there
 */
function layoutHint(
  shape: readonly number[],
  inputChannels: number,
  outputs: number | undefined,
  place: number,
): string | undefined {
  if (shape.length !== 4) return undefined;
  const isKernel = (O: number, I: number) => shape.every((side, i) => i === O || i === I || side === 3);
  const layout = LAYOUTS.find(
    ({ O, I }) => shape[I] === inputChannels && shape[O] === outputs && isKernel(O, I),
  );
  if (layout) return `this is ${layout.name}: transpose to OIHW`;
  const [, images = 0] = shape;
  if (place === 0 && images !== 3 && shape[2] === shape[3] && shape[0] === outputs && images < 9) {
    return `the network takes images of ${images === 1 ? "one channel, grey" : `${images} channels`}; what runs takes RGB`;
  }
  if (shape[1] === inputChannels && !isKernel(0, 1))
    return "kernels that run are square, of odd sides up to 15";
  return "the checkpoint is not a VGG, or tensors of two checkpoints were mixed";
}
