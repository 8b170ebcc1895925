/**
 * Reads the architecture of a plain stack of convolutions from its tensors' names and shapes. The names are torchvision's
 * (`features.N`, `classifier.N`) or timm's (`features.N`, `pre_logits.fcN`, `head.fc`), or any that `names.ts` gives those
 * names.
 *
 * N counts the modules of the original network. So the step from one convolution's N to the next tells what stood between
 * them: 2 for a ReLU; 3 for a ReLU and a pool, or a dropout; 4 for all three. Batch norm has tensors of its own and adds 1.
 * What that leaves open is chosen so that it fits the head (`pools.ts`), and told in `assumptions`.
 */

import type { Convention, FlattenOrder } from "./checkpoint.ts";
import { type ChosenLayers, chooseLayers } from "./choose-layers.ts";
import { type FoundConv, findConvs, spotsByNumbers } from "./convs.ts";
import { findHead, type Head, headLayers } from "./head.ts";
import {
  BATCH_NORM_EPSILON,
  type BatchNormTensors,
  type LayerTensors,
  NamedShapes,
  type TensorShapes,
  usesBatchNorm,
} from "./layer-tensors.ts";
import { classNames, type Metadata, metadataReading } from "./metadata.ts";
import { namedTensors, renamed } from "./names.ts";
import type { Layer, Network } from "./network.ts";
import { networkName } from "./network-name.ts";
import type { Reading } from "./reading.ts";
import { activationLayer } from "./said-layers.ts";
import { convolutions } from "./shapes.ts";
import { expectNoneLeft, expectRunnableNames } from "./unrunnable.ts";

export interface Architecture {
  readonly network: Network;
  /** By layer name, for every `conv` and `linear` layer. */
  readonly bindings: ReadonlyMap<string, LayerTensors>;
  /** Tensors the network does not use, in the file's order. */
  readonly unusedTensors: readonly string[];
  /** What neither names nor shapes nor metadata say and was taken for granted, a sentence each. */
  readonly assumptions: readonly string[];
}

const PYTORCH: Convention = { framework: "PyTorch", epsilon: BATCH_NORM_EPSILON, flatten: "chw" };

/** They replace what the metadata says. */
export type ArchitectureOptions = Omit<Reading, "preprocess">;

/**
 * @param metadata `padding` ("0" or "1"), `pool_last` ("false": no pool between the last convolution and
 *   the head), `layers` (as the option) and `classes` (JSON array or comma-separated) are read; the rest is for people.
 * @throws WeightsError naming the layer and tensor, what was expected and what is there; InputError where two networks fit
 */
export function inferNetwork(
  file: TensorShapes,
  metadata: Metadata,
  options: ArchitectureOptions = {},
  convention: Convention = PYTORCH,
): Architecture {
  const listed = convention.named?.();
  const named = listed
    ? { ...renamed(file, listed.names, undefined, listed.assumptions), spots: listed.spots }
    : namedTensors(file);
  expectRunnableNames(named.own);
  const given = { ...metadataReading(metadata), ...listed?.said, ...options };
  const tensors = new NamedShapes(named, given.epsilon ?? convention.epsilon);
  const used = new Set<string>();
  const convs = findConvs(tensors, used);
  const head = findHead(tensors, used);
  const found = {
    convs,
    head,
    spots: named.spots ?? spotsByNumbers(convs),
    normsTold: named.normsTold ?? named.spots === undefined,
  };
  const chosen = chooseLayers(found, metadata, given, convention);

  const bindings = new Map<string, LayerTensors>();
  const layers: Layer[] = convLayers(convs, chosen, bindings);
  if (chosen.average !== undefined)
    layers.push({ kind: "avgpool", name: "avgpool", outputSize: chosen.average });
  layers.push(...headLayers(head, chosen.headActivation, bindings));
  const turned = turnFlattened(layers, given.flatten ?? convention.flatten, bindings);
  const outputs = head.complete ? head.linears[head.linears.length - 1]?.outputFeatures : undefined;
  const network: Network = {
    name: networkName(layers, usesBatchNorm(bindings)),
    layers,
    classes: classNames(metadata, outputs),
  };
  const originals = new Set([...used].map((name) => named.original(name)));
  expectNoneLeft(named.own, originals);
  return {
    network,
    bindings: new Map([...bindings].map(([layer, own]) => [layer, originalTensors(own, named.original)])),
    unusedTensors: [...file.keys()].filter((name) => !originals.has(name)),
    assumptions: [
      ...named.assumptions,
      ...chosen.assumptions,
      ...(turned && given.flatten === undefined
        ? [`a flatten of height, width, channels in this order, as ${convention.framework} has it`]
        : []),
      ...missingBiases(convs, head, tensors),
    ],
  };
}

/** Where a map of several positions with its channels last is flattened, the linear layer behind it takes it otherwise. */
function turnFlattened(
  layers: readonly Layer[],
  order: FlattenOrder,
  bindings: Map<string, LayerTensors>,
): boolean {
  const first = layers.find((layer) => layer.kind === "linear");
  const channels = convolutions({ layers }).at(-1)?.outputChannels;
  if (order === "chw" || !first || channels === undefined || first.inputFeatures === channels) return false;
  bindings.set(first.name, { ...bindings.get(first.name), lastChannels: channels });
  return true;
}

function originalTensors(
  { weight, bias, batchNorm, lastChannels }: LayerTensors,
  original: (name: string) => string,
): LayerTensors {
  return {
    ...(lastChannels === undefined ? {} : { lastChannels }),
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

function convLayers(
  convs: readonly FoundConv[],
  { pools, padding, pool, activation, normLast }: ChosenLayers,
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
    const { batchNorm, ...own } = tensors;
    const last = normAfterRelu ?? (normLast ? batchNorm : undefined);
    bindings.set(name, normLast ? own : tensors);
    if (last !== undefined) {
      const norm = `norm${block}_${place}`;
      layers.push({ kind: "affine", name: norm, channels: outputChannels });
      bindings.set(norm, { batchNorm: last });
    }
    place += 1;
    if (pools[i] !== true) continue;
    layers.push({ kind: pool, name: `pool${block}` });
    block += 1;
    place = 1;
  }
  return layers;
}
