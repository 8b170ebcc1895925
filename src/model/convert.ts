/**
 * Writes an opened network as safetensors that open by themselves to the very same network: tensors as they were read, in
 * float32, OIHW and OI, and metadata that say the layers, the preprocessing and the classes. Batch norm is written as it
 * is, with its ε, so that nothing is rounded twice.
 */
import { WeightsError } from "../errors.ts";
import { hasWeights, layerKind } from "../nn/registry.ts";
import type { Edges, GraphLayer } from "./checkpoint.ts";
import { networkOfGraph } from "./graph.ts";
import { graphOfMetadata, LAYERS, metadataOfGraph } from "./graph-metadata.ts";
import { type LayerBases, tensorBases } from "./layer-names.ts";
import { ASSUMED } from "./metadata.ts";
import type { Layer, LayerParts, Model, Part } from "./network.ts";
import { readingFieldNames } from "./reading.ts";
import { elementCount, formatShape, safetensorsHead } from "./safetensors.ts";

export interface ConvertedModel {
  /** Of the whole file, in bytes. */
  readonly size: number;
  /** By name, in the file's order, which is the order of execution. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * The file from its first byte to its last. One tensor at a time is in memory; what is yielded is yours.
   * @throws WeightsError where a tensor cannot be read or is not finite
   */
  bytes(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>;
}

interface WrittenTensor {
  readonly shape: readonly number[];
  readonly part: Part;
}

/** Metadata for people that are longer are left out. */
const LONGEST_NOTE = 4096;
/** Metadata that the written file says in its own words, or that would say something else of it. */
const OWN_KEYS: ReadonlySet<string> = new Set([
  ...readingFieldNames,
  ..."format mean image_mean pixel_mean std image_std pixel_std classes arch pool_last".split(" "),
]);

/**
 * A network as a .safetensors file, whatever file it was opened from. Nothing is read before `bytes` is.
 *
 * ```ts
 * const converted = convertModel(await openModel(blobSource(file), { preprocess: "imagenet" }));
 * for await (const chunk of converted.bytes()) await writer.write(chunk);
 * ```
 *
 * @param model as `openModel` gives it; what it was told of the file is written into the new one
 */
export function convertModel(model: Model): ConvertedModel {
  const { network } = model;
  const partsOf = new Map(
    network.layers.filter(hasWeights).map((layer) => [layer.name, model.layerParts(layer)]),
  );
  const bases = tensorBases(network, (name) => partsOf.get(name)?.batchNorm !== undefined);
  const tensors = new Map<string, WrittenTensor>();
  const firstLinear = network.layers.find(({ kind }) => kind === "linear");
  const graph = network.layers.flatMap((layer): readonly GraphLayer[] => {
    const write = (parts: LayerParts, { own, norm }: LayerBases): readonly GraphLayer[] => [
      ...layerWithWeights(layer, parts, own, tensors),
      ...(parts.batchNorm === undefined ? [] : [normLayer(layer, parts.batchNorm, norm, tensors)]),
    ];
    const [parts, base] = [partsOf.get(layer.name), bases.get(layer.name)];
    const rows = parts && base ? write(parts, base) : [plainLayer(layer)];
    return layer === firstLinear ? [{ kind: "flatten", name: "" }, ...rows] : rows;
  });
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  const metadata = metadataOf(model, graph);
  expectSame(model, graph, shapes, metadata);
  const head = safetensorsHead(shapes, metadata);
  const numbers = [...shapes.values()].reduce((sum, shape) => sum + elementCount(shape), 0);
  return {
    size: head.length + 4 * numbers,
    shapes,
    metadata,
    async *bytes() {
      yield head;
      for (const { shape, part } of tensors.values()) yield await bytesOf(shape, part);
    },
  };
}

/** A convolution or a linear layer; none where the layer is batch norm alone. */
function layerWithWeights(
  layer: Layer,
  { weight, bias }: LayerParts,
  base: string,
  tensors: Map<string, WrittenTensor>,
): readonly GraphLayer[] {
  if (weight === undefined) return [];
  const name = "";
  const outputs = outputsOf(layer);
  const own = (shape: readonly number[]): { readonly weight: string; readonly bias?: string } => {
    tensors.set(`${base}.weight`, { shape, part: weight });
    if (bias === undefined) return { weight: `${base}.weight` };
    tensors.set(`${base}.bias`, { shape: [outputs], part: bias });
    return { weight: `${base}.weight`, bias: `${base}.bias` };
  };
  if (layer.kind === "linear") return [{ kind: "dense", name, ...own([outputs, layer.inputFeatures]) }];
  if (layer.kind !== "conv" && layer.kind !== "plainconv") return [];
  const side = layer.kind === "conv" ? 3 : layer.side;
  const weights = own([outputs, layer.inputChannels, side, side]);
  const padding = around(layer.padding);
  const [kernel, stride, dilation] = [[side, side] as const, [1, 1] as const, [1, 1] as const];
  return [{ kind: "conv", name, ...weights, kernel, stride, padding, dilation, groups: 1 }];
}

function normLayer(
  layer: Layer,
  { weight, bias, mean, variance, epsilon }: NonNullable<LayerParts["batchNorm"]>,
  base: string,
  tensors: Map<string, WrittenTensor>,
): GraphLayer {
  const add = (role: string, part: Part): string => {
    tensors.set(`${base}.${role}`, { shape: [outputsOf(layer)], part });
    return `${base}.${role}`;
  };
  return {
    kind: "batchnorm",
    name: "",
    ...(weight === undefined ? {} : { weight: add("weight", weight) }),
    ...(bias === undefined ? {} : { bias: add("bias", bias) }),
    mean: add("running_mean", mean),
    variance: add("running_var", variance),
    epsilon,
  };
}

function plainLayer(layer: Layer): GraphLayer {
  const name = "";
  switch (layer.kind) {
    case "relu":
    case "tanh":
    case "sigmoid":
      return { kind: layer.kind, name };
    case "leaky":
      return { kind: "leaky", name, slope: layer.slope };
    case "maxpool":
    case "avgpool2x2": {
      const kind = layer.kind === "maxpool" ? "maxpool" : "avgpool";
      return { kind, name, kernel: [2, 2], stride: [2, 2], padding: around(0) };
    }
    case "avgpool":
      return layer.outputSize === 1
        ? { kind: "globalavgpool", name }
        : { kind: "adaptiveavgpool", name, side: layer.outputSize };
    default:
      throw new Error(`${layer.name}: a ${layer.kind} has weights`);
  }
}

function outputsOf(layer: Layer): number {
  return layerKind(layer).outputChannels(layer, 0);
}

function around(n: number): Edges {
  return { top: n, left: n, bottom: n, right: n };
}

function metadataOf(
  { network, preprocess, assumptions, metadata }: Model,
  graph: readonly GraphLayer[],
): Readonly<Record<string, string>> {
  const notes = Object.entries(metadata).filter(
    ([key, text]) => !OWN_KEYS.has(key) && !key.startsWith("ascent.") && text.length <= LONGEST_NOTE,
  );
  return {
    ...Object.fromEntries(notes),
    format: "pt",
    preprocess,
    ...(network.classes.length === 0 ? {} : { classes: JSON.stringify(network.classes) }),
    [LAYERS]: metadataOfGraph(graph),
    ...(assumptions.length === 0 ? {} : { [ASSUMED]: JSON.stringify(assumptions) }),
  };
}

/** What was written is read again: a network that would open as another one is not written. */
function expectSame(
  { network }: Model,
  graph: readonly GraphLayer[],
  shapes: ReadonlyMap<string, readonly number[]>,
  metadata: Readonly<Record<string, string>>,
): void {
  const again = networkOfGraph(graphOfMetadata(metadata, shapes) ?? graph, shapes, metadata).network;
  const different = network.layers.findIndex(
    (layer, i) => JSON.stringify(sorted(layer)) !== JSON.stringify(sorted(again.layers[i])),
  );
  if (different < 0 && again.layers.length === network.layers.length) return;
  throw new Error(`${network.layers.at(different)?.name}: what would be written is another network`);
}

/** Fields by name, so that their order does not count. */
function sorted(layer: Layer | undefined): readonly (readonly [string, unknown])[] {
  return Object.entries(layer ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Safetensors are little-endian, and so is every machine that has WebGPU. */
async function bytesOf(shape: readonly number[], { name, read }: Part): Promise<Uint8Array<ArrayBuffer>> {
  const { buffer, byteOffset, byteLength, length } = await read();
  if (length === elementCount(shape)) return new Uint8Array(buffer, byteOffset, byteLength);
  throw new WeightsError(`tensor ${name} of shape ${formatShape(shape)} got ${length} numbers`);
}
