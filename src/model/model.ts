/** Opens a checkpoint: reads its architecture at once, and a layer's weights when they are asked for. */
import { InputError, shown, WeightsError } from "../errors.ts";
import { layerKind } from "../nn/registry.ts";
import { type ArchitectureOptions, inferNetwork } from "./architecture.ts";
import { classCount, imagenetClasses } from "./labels.ts";
import type { LayerTensors } from "./layer-tensors.ts";
import { metadataPreprocess } from "./metadata.ts";
import type { Layer, LayerWeights, Model, Network, Preprocess } from "./network.ts";
import { isPreprocess } from "./preprocess.ts";
import { readableTensor, readHeader, readTensor, type SafetensorsHeader } from "./safetensors.ts";
import type { ByteSource } from "./source.ts";

export interface OpenOptions extends ArchitectureOptions {
  /** Replaces the metadata's `preprocess`. Needed where that is not `unit`, `imagenet` or `caffe`. */
  readonly preprocess?: Preprocess;
}

/** PyTorch's default ε of batch norm, which torchvision and timm keep. */
const BATCH_NORM_EPSILON = 1e-5;

/**
 * Reads the header only.
 * @throws WeightsError for a file that is damaged or is no VGG, or whose weights are not F32, F16 or BF16; InputError where preprocessing is not known.
 */
export async function openModel(source: ByteSource, options: OpenOptions = {}): Promise<Model> {
  expectSource(source);
  expectOptions(options);
  const header = await readHeader(source);
  const shapes = new Map([...header.tensors].map(([name, { shape }]) => [name, shape]));
  const { network, bindings, unusedTensors } = inferNetwork(shapes, header.metadata, options);
  for (const tensors of bindings.values()) expectReadable(source, header, tensors);
  return {
    network: await withImagenetClasses(network),
    preprocess: options.preprocess ?? metadataPreprocess(source.name, header.metadata),
    unusedTensors,
    metadata: header.metadata,
    async layerWeights(layer) {
      const name: unknown = layer?.name;
      const tensors = bindings.get(layer?.name);
      if (tensors === undefined)
        throw new InputError(`layer ${shown(name)} of ${network.name} has no weights`);
      return readLayerWeights(source, header, layer, tensors);
    },
    close: () => source.close?.(),
  };
}

function expectSource(source: ByteSource): void {
  if (typeof source?.read === "function" && typeof source.size === "number") return;
  throw new InputError(`openModel: expected a source of bytes, got ${shown(source)}`, {
    remedy: "make one by bytesSource, blobSource or urlSource",
  });
}

function expectOptions(options: OpenOptions): void {
  if (typeof options !== "object" || options === null) {
    throw new InputError(`openModel: expected an object of options, got ${shown(options)}`);
  }
  const { preprocess, padding } = options;
  if (preprocess !== undefined && !isPreprocess(preprocess)) {
    throw new InputError(`preprocess: expected unit, imagenet or caffe, got ${shown(preprocess)}`);
  }
  if (padding !== undefined && padding !== 0 && padding !== 1) {
    throw new InputError(`padding: expected 0 or 1, got ${shown(padding)}`);
  }
}

/** The tensors that the network uses can be read. Others, such as counters, may be of any type. */
function expectReadable(source: ByteSource, header: SafetensorsHeader, layer: LayerTensors): void {
  const { weight, bias, batchNorm } = layer;
  const names = [weight, ...(bias === undefined ? [] : [bias]), ...Object.values(batchNorm ?? {})];
  for (const name of names) readableTensor(source.name, header, name);
}

/** A head of 1000 classes without names gets ImageNet's. */
async function withImagenetClasses(network: Network): Promise<Network> {
  if (network.classes.length > 0 || classCount(network) !== 1000) return network;
  return { ...network, classes: await imagenetClasses() };
}

async function readLayerWeights(
  source: ByteSource,
  header: SafetensorsHeader,
  layer: Layer,
  tensors: LayerTensors,
): Promise<LayerWeights> {
  const read = (name: string): Promise<Float32Array> => readFinite(source, header, layer.name, name);
  const weight = await read(tensors.weight);
  const outputs = layerKind(layer).outputChannels(layer, 0);
  const bias = tensors.bias === undefined ? new Float32Array(outputs) : await read(tensors.bias);
  const { batchNorm } = tensors;
  if (batchNorm === undefined) return { weight, bias };
  const folded = foldBatchNorm(weight, bias, {
    scale: await read(batchNorm.weight),
    shift: await read(batchNorm.bias),
    mean: await read(batchNorm.mean),
    variance: await read(batchNorm.variance),
  });
  const bad = [folded.weight, folded.bias].some((numbers) => firstNonFinite(numbers) !== undefined);
  if (!bad) return folded;
  throw new WeightsError(
    `${layer.name}: batch norm (${batchNorm.variance}) makes its weights NaN or infinite`,
    {
      remedy: "variances must not be negative; convert the checkpoint again",
    },
  );
}

interface BatchNorm {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/**
 * Batch norm at inference is affine, so it becomes part of the convolution before it (Ioffe & Szegedy 2015):
 * w′ = w·γ/√(σ²+ε), b′ = (b−μ)·γ/√(σ²+ε) + β, computed in float64 and rounded once.
 */
function foldBatchNorm(weight: Float32Array, bias: Float32Array, norm: BatchNorm): LayerWeights {
  const outputs = bias.length;
  const perOutput = weight.length / outputs;
  const foldedWeight = new Float32Array(weight.length);
  const foldedBias = new Float32Array(outputs);
  for (let k = 0; k < outputs; k++) {
    const gain = at(norm.scale, k) / Math.sqrt(at(norm.variance, k) + BATCH_NORM_EPSILON);
    foldedBias[k] = (at(bias, k) - at(norm.mean, k)) * gain + at(norm.shift, k);
    for (let i = k * perOutput; i < (k + 1) * perOutput; i++) foldedWeight[i] = at(weight, i) * gain;
  }
  return { weight: foldedWeight, bias: foldedBias };
}

/** WGSL may assume that there is no NaN, so weights are checked here, before they reach the GPU. */
async function readFinite(
  source: ByteSource,
  header: SafetensorsHeader,
  layer: string,
  name: string,
): Promise<Float32Array> {
  const { data, shape } = await readTensor(source, header, name);
  const bad = firstNonFinite(data);
  if (bad === undefined) return data;
  const index = coordinates(bad, shape).join(",");
  throw new WeightsError(`${layer}: tensor ${name}[${index}] expects a finite number, got ${at(data, bad)}`, {
    remedy: "the checkpoint is damaged or its training diverged; use another",
  });
}

function firstNonFinite(numbers: Float32Array): number | undefined {
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return i;
  return undefined;
}

function coordinates(flat: number, shape: readonly number[]): readonly number[] {
  let rest = flat;
  return shape
    .toReversed()
    .map((n) => {
      const index = rest % n;
      rest = Math.floor(rest / n);
      return index;
    })
    .reverse();
}

function at(numbers: Float32Array, index: number): number {
  return numbers[index] as number;
}
