/**
 * Reads the architecture of a VGG-style checkpoint from its tensors' names and shapes alone. The names are torchvision's
 * (`features.N`, `classifier.N`) or timm's (`features.N`, `pre_logits.fcN`, `head.fc`).
 *
 * N counts the modules of the original network. So the step from one convolution's N to the next tells what stood between
 * them: 2 for a ReLU, 3 for a ReLU and a pool. Batch norm has tensors of its own and adds 1.
 */
import { WeightsError } from "../errors.ts";
import type { ConvLayer } from "../nn/layers/conv.ts";
import { findHead, headLayers, headPooling } from "./head.ts";
import {
  type BatchNormTensors,
  type LayerTensors,
  mismatch,
  REMEDY,
  requireTensor,
  requireVector,
  type TensorShapes,
} from "./layer-tensors.ts";
import { classNames, type Metadata, metadataFlag, metadataPadding } from "./metadata.ts";
import type { Layer, Network } from "./network.ts";
import { networkName } from "./network-name.ts";

export interface Architecture {
  readonly network: Network;
  /** By layer name, for every `conv` and `linear` layer. */
  readonly bindings: ReadonlyMap<string, LayerTensors>;
  /** Tensors the network does not use, in the file's order. */
  readonly unusedTensors: readonly string[];
}

export interface ArchitectureOptions {
  /** Replaces the metadata's `padding`. Without either it is 1, or 0 for a head that flattens. */
  readonly padding?: 0 | 1;
}

interface FoundConv {
  /** N of `features.N`. */
  readonly index: number;
  /** Block and place within it, from 1: 3 and 4 for `conv3_4`. */
  readonly block: number;
  readonly place: number;
  readonly tensors: LayerTensors;
  readonly inputChannels: number;
  readonly outputChannels: number;
}

/**
 * @param metadata `padding` ("0" or "1"), `pool_last` ("false": no pool between the last convolution and
 *   the head) and `classes` (JSON array or comma-separated) are read; the rest is for people.
 * @throws WeightsError naming the layer and tensor, what was expected and what is there.
 */
export function inferNetwork(
  tensors: TensorShapes,
  metadata: Metadata,
  options: ArchitectureOptions = {},
): Architecture {
  const used = new Set<string>();
  const convs = findConvs(tensors, used);
  const head = findHead(tensors, used);
  const last = convs[convs.length - 1] as FoundConv;
  const headInput = head.linears[0]?.inputFeatures;
  const pooledTo = headInput === undefined ? undefined : headPooling(head, last.outputChannels);
  const padding = options.padding ?? metadataPadding(metadata) ?? (pooledTo === "flatten" ? 0 : 1);
  const poolLast = headInput !== undefined && metadataFlag(metadata, "pool_last") !== false;

  const bindings = new Map<string, LayerTensors>();
  const layers: Layer[] = convLayers(convs, padding, poolLast, bindings);
  if (typeof pooledTo === "number") layers.push({ kind: "avgpool", name: "avgpool", outputSize: pooledTo });
  layers.push(...headLayers(head, bindings));
  const outputs = head.complete ? head.linears[head.linears.length - 1]?.outputFeatures : undefined;
  const network: Network = {
    name: networkName(layers, usesBatchNorm(convs)),
    layers,
    classes: classNames(metadata, outputs),
  };
  return { network, bindings, unusedTensors: [...tensors.keys()].filter((name) => !used.has(name)) };
}

function findConvs(tensors: TensorShapes, used: Set<string>): readonly FoundConv[] {
  const indices = new Set<number>();
  for (const name of tensors.keys()) {
    const index = /^features\.(0|[1-9]\d{0,3})\./.exec(name)?.[1];
    if (index !== undefined) indices.add(Number(index));
  }
  if (!indices.has(0)) {
    // Quoted: the names are a stranger's, and the message may end on a terminal.
    const names = [...tensors.keys()].slice(0, 3).map((name) => JSON.stringify(name.slice(0, 60)));
    const found = names.join(", ") || "no tensors";
    throw new WeightsError(`conv1_1: tensor features.0.weight is missing, got ${found}`, { remedy: REMEDY });
  }
  const ordered = [...indices].sort((a, b) => a - b);
  const convs: FoundConv[] = [];
  for (const index of ordered) {
    const previous = convs[convs.length - 1];
    const isBatchNorm = previous?.tensors.batchNorm !== undefined && index === previous.index + 1;
    if (!isBatchNorm) convs.push(readConv(tensors, index, previous, used));
  }
  return convs;
}

function isPoolBetween(previous: FoundConv, index: number): boolean {
  const gap = index - previous.index - (previous.tensors.batchNorm === undefined ? 0 : 1);
  if (gap === 2 || gap === 3) return gap === 3;
  const problem = gap < 2 ? "no room for a ReLU between them" : "a convolution between them is missing";
  throw new WeightsError(`features.${previous.index} and features.${index}: ${problem}`, { remedy: REMEDY });
}

function readConv(
  tensors: TensorShapes,
  index: number,
  previous: FoundConv | undefined,
  used: Set<string>,
): FoundConv {
  const startsBlock = previous !== undefined && isPoolBetween(previous, index);
  const block = (previous?.block ?? 1) + (startsBlock ? 1 : 0);
  const place = startsBlock ? 1 : (previous?.place ?? 0) + 1;
  const layer = `conv${block}_${place}`;
  const inputChannels = previous?.outputChannels ?? 3;
  const weight = `features.${index}.weight`;
  const shape = requireTensor(tensors, layer, weight, used);
  const outputChannels = shape[0] ?? 0;
  if (
    shape.length !== 4 ||
    outputChannels < 1 ||
    shape[1] !== inputChannels ||
    shape[2] !== 3 ||
    shape[3] !== 3
  ) {
    const outputs = (tensors.get(`features.${index}.bias`) ??
      tensors.get(`features.${index + 1}.weight`))?.[0];
    const hint = layoutHint(shape, inputChannels, outputs);
    throw mismatch(layer, weight, `(outputs,${inputChannels},3,3)`, shape, hint);
  }
  const batchNorm = readBatchNorm(tensors, index + 1, layer, outputChannels, used);
  const biasName = `features.${index}.bias`;
  // Batch norm shifts anyway, so a convolution under it is often trained without a bias.
  const bias = batchNorm !== undefined && !tensors.has(biasName) ? {} : { bias: biasName };
  if (bias.bias !== undefined) requireVector(tensors, layer, biasName, outputChannels, used);
  const layerTensors = { weight, ...bias, ...(batchNorm === undefined ? {} : { batchNorm }) };
  return { index, block, place, inputChannels, outputChannels, tensors: layerTensors };
}

/** Batch norm comes right after its convolution. Its weight is a vector, and it has running statistics. */
function readBatchNorm(
  tensors: TensorShapes,
  index: number,
  layer: string,
  channels: number,
  used: Set<string>,
): BatchNormTensors | undefined {
  const base = `features.${index}`;
  const names = {
    weight: `${base}.weight`,
    bias: `${base}.bias`,
    mean: `${base}.running_mean`,
    variance: `${base}.running_var`,
  } satisfies BatchNormTensors;
  const isVector = tensors.get(names.weight)?.length === 1;
  if (!isVector && !tensors.has(names.mean) && !tensors.has(names.variance)) return undefined;
  for (const name of Object.values(names)) requireVector(tensors, layer, name, channels, used);
  // PyTorch's count of training batches is not needed.
  used.add(`${base}.num_batches_tracked`);
  return names;
}

function convLayers(
  convs: readonly FoundConv[],
  padding: 0 | 1,
  poolLast: boolean,
  bindings: Map<string, LayerTensors>,
): Layer[] {
  const layers: Layer[] = [];
  for (const [i, { block, place, inputChannels, outputChannels, tensors }] of convs.entries()) {
    const name = `conv${block}_${place}`;
    const conv: ConvLayer = { kind: "conv", name, inputChannels, outputChannels, padding };
    layers.push(conv, { kind: "relu", name: `relu${block}_${place}` });
    bindings.set(name, tensors);
    const next = convs[i + 1];
    if (next === undefined ? poolLast : next.block > block)
      layers.push({ kind: "maxpool", name: `pool${block}` });
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
): string | undefined {
  if (shape.length !== 4) return undefined;
  const isKernel = (O: number, I: number) => shape.every((side, i) => i === O || i === I || side === 3);
  const layout = LAYOUTS.find(
    ({ O, I }) => shape[I] === inputChannels && shape[O] === outputs && isKernel(O, I),
  );
  if (layout) return `this is ${layout.name}: transpose to OIHW`;
  if (shape[1] === inputChannels && !isKernel(0, 1)) return "only 3×3 kernels are supported";
  return "the checkpoint is not a VGG, or tensors of two checkpoints were mixed";
}
