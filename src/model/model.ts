/** Opens a checkpoint: reads its architecture at once, and a layer's weights when they are asked for. */
import { InputError, shown } from "../errors.ts";
import { type Architecture, inferNetwork } from "./architecture.ts";
import { type Beside, type BesideFiles, besideFiles, nothingBeside } from "./beside.ts";
import { type Checkpoint, expectReadable, isReadableType } from "./checkpoint.ts";
import { type ClassesBeside, classesBeside } from "./class-files.ts";
import { networkOfGraph } from "./graph.ts";
import { graphOfMetadata } from "./graph-metadata.ts";
import { classCount, imagenetClasses } from "./labels.ts";
import type { LayerTensors, TensorShapes } from "./layer-tensors.ts";
import { foldedWeights, partsOf } from "./layer-weights.ts";
import { metadataAssumptions, metadataPreprocess } from "./metadata.ts";
import { isAddress } from "./model-source.ts";
import type { Layer, LayerParts, Model, Network, Preprocess, WantedLayer } from "./network.ts";
import { BYTES_PER_NUMBER } from "./numbers.ts";
import { expectFitting, parsePreprocess } from "./preprocess.ts";
import { openCheckpoint } from "./readers/open-checkpoint.ts";
import { type Reading, readingFieldNames, readingOf } from "./reading.ts";
import { imageChannels } from "./shapes.ts";
import type { ByteSource } from "./source.ts";

/** `preprocess` is needed where the metadata says nothing. */
export interface OpenOptions extends Reading {
  /** Finds files that the main one names: shards, external data. Without it nothing lies beside the file. */
  readonly beside?: Beside | undefined;
  /** Names of the classes, where the file does not say them. */
  readonly classes?: readonly string[] | undefined;
}

/**
 * Reads the header only.
 * @throws WeightsError for a file that is damaged or is no VGG, or whose weights are not F64, F32, F16 or BF16; InputError where preprocessing is not known.
 */
export async function openModel(source: ByteSource, options: OpenOptions = {}): Promise<Model> {
  expectSource(source);
  const reading = checkedOptions(options);
  const beside = besideFiles(source.name, options.beside ?? nothingBeside);
  try {
    const checkpoint = await openCheckpoint(source, beside.find);
    const model = await modelOf(checkpoint, reading, options.classes, beside);
    return { ...model, expect: (wanted) => source.expect?.(model.bytesOf(wanted)) };
  } catch (error) {
    beside.close();
    throw error;
  }
}

async function modelOf(
  checkpoint: Checkpoint,
  reading: Reading,
  classes: readonly string[] | undefined,
  { find: findBeside, close: closeBeside }: BesideFiles,
): Promise<Model & { bytesOf(wanted: readonly WantedLayer[]): number }> {
  const { network, bindings, unusedTensors, assumptions } = architectureOf(checkpoint, reading);
  const { metadata } = checkpoint;
  for (const tensors of bindings.values()) expectLayerReadable(checkpoint, tensors);
  const layerParts = (layer: Layer): LayerParts => {
    const name: unknown = layer?.name;
    const tensors = bindings.get(layer?.name);
    if (tensors !== undefined) return partsOf(checkpoint, layer, tensors);
    throw new InputError(`layer ${shown(name)} of ${network.name} has no weights`);
  };
  const named = await withClasses(network, classes, async () =>
    // What lies at an address is asked for only by its name.
    isAddress(checkpoint.name) ? undefined : classesBeside(checkpoint.name, findBeside),
  );
  return {
    network: named.network,
    preprocess: await preprocessOf(checkpoint, network, reading),
    unusedTensors,
    assumptions: [...metadataAssumptions(metadata), ...assumptions, ...named.assumptions],
    metadata,
    layerParts,
    layerWeights: async (layer, rows) => foldedWeights(layer, layerParts(layer), rows),
    bytesOf: (wanted) =>
      wanted.reduce(
        (sum, { layer, rows }) => sum + bytesInFile(checkpoint, bindings.get(layer.name), rows),
        0,
      ),
    close() {
      checkpoint.close?.();
      closeBeside();
    },
  };
}

function tensorNames({ weight, bias, batchNorm }: LayerTensors): readonly string[] {
  const { epsilon: _, ...norm } = batchNorm ?? {};
  return [weight, bias, ...Object.values(norm)].filter((name) => name !== undefined);
}

function bytesInFile(
  { tensors, readRows }: Checkpoint,
  layer: LayerTensors | undefined,
  rows: readonly number[] | undefined,
): number {
  return (layer === undefined ? [] : tensorNames(layer)).reduce((sum, name) => {
    const tensor = tensors.get(name);
    if (tensor === undefined || !isReadableType(tensor.type)) return sum;
    const [count = 1, ...rest] = tensor.shape;
    const read = rows && readRows && name === layer?.weight ? rows.length : count;
    return sum + rest.reduce((a, b) => a * b, read * BYTES_PER_NUMBER[tensor.type]);
  }, 0);
}

/** What the file's own list of layers says, in its graph or its metadata, or else its names and shapes. */
function architectureOf(
  { tensors, metadata, graph, convention }: Checkpoint,
  options: Reading,
): Architecture {
  const shapes: TensorShapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  const listed = graphOfMetadata(metadata, shapes) ?? graph;
  if (listed === undefined) return inferNetwork(shapes, metadata, options, convention);
  const word = readingFieldNames.find((field) => field !== "preprocess" && options[field] !== undefined);
  if (word === undefined) return networkOfGraph(listed, shapes, metadata);
  throw new InputError(`${word} ${options[word]}: the file lists its layers, and with them their ${word}`, {
    remedy: `leave ${word} to the file`,
  });
}

/** As asked for; else as a normalizer beside the weights says, which the robustness library saves; else the metadata. */
async function preprocessOf(
  checkpoint: Checkpoint,
  network: Network,
  { preprocess }: Reading,
): Promise<Preprocess> {
  const colours = imageChannels(network);
  if (preprocess !== undefined) return expectFitting(preprocess, colours);
  const mean = [...checkpoint.tensors.keys()].find((name) => /(^|\.)normalizer\.new_mean$/.test(name));
  const std = mean?.replace(/mean$/, "std");
  const isOfColours = (name: string | undefined): name is string =>
    name !== undefined && checkpoint.tensors.get(name)?.shape.reduce((a, b) => a * b, 1) === colours;
  const { metadata } = checkpoint;
  if (!isOfColours(mean) || !isOfColours(std) || metadata["preprocess"]) {
    return metadataPreprocess(checkpoint.name, metadata, { name: network.name, colours });
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
  if (typeof options !== "object" || options === null) {
    throw new InputError(`openModel: expected an object of options, got ${shown(options)}`);
  }
  const beside: unknown = options.beside;
  if (beside === undefined || typeof beside === "function") return readingOf(options);
  throw new InputError(`openModel: beside expects a function, got ${shown(beside)}`, {
    remedy: "make one by urlBeside or filesBeside",
  });
}

/** The tensors that the network uses can be read. Others, such as counters, may be of any type. */
function expectLayerReadable(checkpoint: Checkpoint, layer: LayerTensors): void {
  for (const name of tensorNames(layer)) expectReadable(checkpoint.name, checkpoint.tensors, name);
}

/** The file's own names, else those said, else those of a file beside it, else ImageNet's where there are 1000. */
async function withClasses(
  network: Network,
  said: readonly string[] | undefined,
  lookBeside: () => Promise<ClassesBeside | undefined>,
): Promise<{ readonly network: Network; readonly assumptions: readonly string[] }> {
  const outputs = classCount(network);
  if (network.classes.length > 0 || outputs === 0) return { network, assumptions: [] };
  if (said !== undefined) {
    if (said.length === outputs) return { network: { ...network, classes: said }, assumptions: [] };
    throw new InputError(
      `classes: expected ${outputs} names, one per output of the network, got ${said.length}`,
    );
  }
  const found = await lookBeside();
  if (found?.names.length === outputs) {
    const assumptions = [`classes are called as ${found.file} beside it says`];
    return { network: { ...network, classes: found.names }, assumptions };
  }
  const unfit =
    found && `${found.file} beside it names ${found.names.length} classes, and the network has ${outputs}`;
  const assumptions = unfit ? [unfit] : [];
  if (outputs !== 1000) return { network, assumptions };
  return { network: { ...network, classes: await imagenetClasses() }, assumptions };
}
