/** Opens a checkpoint: reads its architecture at once, and a layer's weights when they are asked for. */
import { InputError, shown, WeightsError } from "../errors.ts";
import { layerKind } from "../nn/registry.ts";
import { type Architecture, inferNetwork } from "./architecture.ts";
import { type Checkpoint, expectReadable } from "./checkpoint.ts";
import { networkOfGraph } from "./graph.ts";
import { graphOfMetadata } from "./graph-metadata.ts";
import { classCount, imagenetClasses } from "./labels.ts";
import type { LayerTensors, TensorShapes } from "./layer-tensors.ts";
import { metadataPreprocess } from "./metadata.ts";
import type { Layer, LayerWeights, Model, Network, Preprocess } from "./network.ts";
import { parsePreprocess } from "./preprocess.ts";
import { openCheckpoint } from "./readers/open-checkpoint.ts";
import { type Reading, readingOf } from "./reading.ts";
import type { ByteSource } from "./source.ts";

/** `preprocess` is needed where the metadata says nothing. */
export type OpenOptions = Reading;

/**
 * Reads the header only.
 * @throws WeightsError for a file that is damaged or is no VGG, or whose weights are not F64, F32, F16 or BF16; InputError where preprocessing is not known.
 */
export async function openModel(source: ByteSource, options: OpenOptions = {}): Promise<Model> {
  expectSource(source);
  const reading = checkedOptions(options);
  const checkpoint = await openCheckpoint(source);
  const { network, bindings, unusedTensors, assumptions } = architectureOf(checkpoint, reading);
  const { metadata } = checkpoint;
  for (const tensors of bindings.values()) expectLayerReadable(checkpoint, tensors);
  return {
    network: await withImagenetClasses(network),
    preprocess: await preprocessOf(checkpoint, reading),
    unusedTensors,
    assumptions,
    metadata,
    async layerWeights(layer) {
      const name: unknown = layer?.name;
      const tensors = bindings.get(layer?.name);
      if (tensors === undefined)
        throw new InputError(`layer ${shown(name)} of ${network.name} has no weights`);
      return readLayerWeights(checkpoint, layer, tensors);
    },
    close: () => checkpoint.close?.(),
  };
}

/** What the file's own list of layers says, in its graph or its metadata, or else its names and shapes. */
function architectureOf(
  { name: file, format, tensors, metadata, graph }: Checkpoint,
  options: OpenOptions,
): Architecture {
  const shapes: TensorShapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  const listed = graphOfMetadata(metadata, shapes) ?? graph;
  if (listed === undefined && format === "Keras HDF5") {
    throw new WeightsError(`${file}: Keras' weights alone do not say activations, pools, padding and ε`, {
      remedy: 'save the whole network: model.save("network.keras")',
    });
  }
  if (listed === undefined) return inferNetwork(shapes, metadata, options);
  const word = (["padding", "layers", "epsilon"] as const).find((field) => options[field] !== undefined);
  if (word === undefined) return networkOfGraph(listed, shapes, metadata);
  throw new InputError(`${word} ${options[word]}: the file lists its layers, and with them their ${word}`, {
    remedy: `leave ${word} to the file`,
  });
}

/** As asked for; else as a normalizer beside the weights says, which the robustness library saves; else the metadata. */
async function preprocessOf(checkpoint: Checkpoint, { preprocess }: OpenOptions): Promise<Preprocess> {
  if (preprocess !== undefined) return preprocess;
  const mean = [...checkpoint.tensors.keys()].find((name) => /(^|\.)normalizer\.new_mean$/.test(name));
  const std = mean?.replace(/mean$/, "std");
  const isThree = (name: string): boolean =>
    checkpoint.tensors.get(name)?.shape.reduce((a, b) => a * b, 1) === 3;
  const { metadata } = checkpoint;
  if (mean === undefined || std === undefined || !isThree(mean) || !isThree(std) || metadata["preprocess"]) {
    return metadataPreprocess(checkpoint.name, metadata);
  }
  const digits = (numbers: Float32Array): string => [...numbers].map((n) => Number(n.toPrecision(7))).join();
  const means = digits(await checkpoint.read(mean));
  return parsePreprocess(`mean=${means};std=${digits(await checkpoint.read(std))}`);
}

function expectSource(source: ByteSource): void {
  if (typeof source?.read === "function" && typeof source.size === "number") return;
  throw new InputError(`openModel: expected a source of bytes, got ${shown(source)}`, {
    remedy: "make one by bytesSource, blobSource or urlSource",
  });
}

function checkedOptions(options: OpenOptions): Reading {
  if (typeof options === "object" && options !== null) return readingOf(options);
  throw new InputError(`openModel: expected an object of options, got ${shown(options)}`);
}

/** The tensors that the network uses can be read. Others, such as counters, may be of any type. */
function expectLayerReadable(checkpoint: Checkpoint, layer: LayerTensors): void {
  const { weight, bias, batchNorm } = layer;
  const { epsilon: _, ...norm } = batchNorm ?? {};
  const names = [weight, bias, ...Object.values(norm)].filter((name) => name !== undefined);
  for (const name of names) expectReadable(checkpoint.name, checkpoint.tensors, name);
}

/** A head of 1000 classes without names gets ImageNet's. */
async function withImagenetClasses(network: Network): Promise<Network> {
  if (network.classes.length > 0 || classCount(network) !== 1000) return network;
  return { ...network, classes: await imagenetClasses() };
}

async function readLayerWeights(
  checkpoint: Checkpoint,
  layer: Layer,
  tensors: LayerTensors,
): Promise<LayerWeights> {
  const read = (name: string): Promise<Float32Array> => readFinite(checkpoint, layer.name, name);
  const outputs = layerKind(layer).outputChannels(layer, 0);
  const vector = async (name: string | undefined, otherwise: number) =>
    name === undefined ? new Float32Array(outputs).fill(otherwise) : await read(name);
  const weight = await vector(tensors.weight, 1);
  const bias = await vector(tensors.bias, 0);
  const { batchNorm } = tensors;
  if (batchNorm === undefined) return { weight, bias };
  const folded = foldBatchNorm(weight, bias, {
    scale: await vector(batchNorm.weight, 1),
    shift: await vector(batchNorm.bias, 0),
    mean: await read(batchNorm.mean),
    variance: await read(batchNorm.variance),
    epsilon: batchNorm.epsilon,
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
  readonly epsilon: number;
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
    const gain = at(norm.scale, k) / Math.sqrt(at(norm.variance, k) + norm.epsilon);
    foldedBias[k] = (at(bias, k) - at(norm.mean, k)) * gain + at(norm.shift, k);
    for (let i = k * perOutput; i < (k + 1) * perOutput; i++) foldedWeight[i] = at(weight, i) * gain;
  }
  return { weight: foldedWeight, bias: foldedBias };
}

/** WGSL may assume that there is no NaN, so weights are checked here, before they reach the GPU. */
async function readFinite(checkpoint: Checkpoint, layer: string, name: string): Promise<Float32Array> {
  const data = await checkpoint.read(name);
  const bad = firstNonFinite(data);
  if (bad === undefined) return data;
  const index = coordinates(bad, checkpoint.tensors.get(name)?.shape ?? []).join(",");
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
