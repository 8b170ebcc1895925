/** The convolutions of a state dict in torchvision's names, `features.N`. */
import { shown, WeightsError } from "../errors.ts";
import { isNorm, readNorm } from "./batch-norm.ts";
import {
  type BatchNormTensors,
  type LayerTensors,
  mismatch,
  type NamedShapes,
  requireTensor,
  requireVector,
} from "./layer-tensors.ts";
import type { Spot } from "./pools.ts";
import { formatShape } from "./safetensors.ts";
import { cannotRun, misfit, NETWORKS_THAT_OPEN, NORM_APART, otherImages } from "./unrunnable.ts";

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

const MOST_MODULES = 2000;

export function findConvs(tensors: NamedShapes, used: Set<string>): readonly FoundConv[] {
  const indices = new Set<number>();
  for (const name of tensors.keys()) {
    const index = /^features\.(0|[1-9]\d{0,3})\./.exec(name)?.[1];
    if (index !== undefined) indices.add(Number(index));
  }
  if (!indices.has(0)) throw noConvolution(tensors);
  if (indices.size > MOST_MODULES) {
    throw new WeightsError(
      `the file has ${indices.size} modules among its convolutions, more than ${MOST_MODULES}`,
    );
  }
  const ordered = [...indices].sort((a, b) => a - b);
  const convs: FoundConv[] = [];
  for (const index of ordered) {
    const previous = convs[convs.length - 1];
    if (previous?.tensors.batchNorm !== undefined && index === previous.index + 1) continue;
    if (previous?.normAfterRelu !== undefined && index === previous.index + 2) continue;
    expectRunnable(tensors, index);
    convs.push(readConv(tensors, index, convs, used));
  }
  return convs;
}

function noConvolution(tensors: NamedShapes): WeightsError {
  const names = [...tensors.keys()];
  const keras = names.find((name) => /\/(kernel|gamma)(:0)?$/.test(name));
  if (keras !== undefined) {
    const message = `${shown(keras)} is in Keras's names and order (HWIO)`;
    return new WeightsError(message, { remedy: "open the .h5 or .keras file that it was made of" });
  }
  const below = names.find((name) => /^features\.\d+\.weight$/.test(name));
  if (below !== undefined)
    return new WeightsError(`tensor ${tensors.original("features.0.weight")} is missing`, {
      remedy: NETWORKS_THAT_OPEN,
    });
  const [first] = names;
  const problem =
    first === undefined
      ? "the file holds no tensors"
      : `the file holds no convolution; its first tensor is ${shown(first)} ${formatShape(tensors.get(first) ?? [])}`;
  return new WeightsError(problem, { remedy: NETWORKS_THAT_OPEN });
}

/** @throws WeightsError for a batch norm that no convolution takes in */
function expectRunnable(tensors: NamedShapes, index: number): void {
  const base = `features.${index}`;
  if (!isNorm(tensors, base)) return;
  const name = tensors.original(`${base}.weight`).replace(/\.weight$/, "");
  throw cannotRun(name, NORM_APART);
}

/** What the numbering of `features.N` tells of the place after each convolution. */
export function spotsByNumbers(convs: readonly FoundConv[]): readonly Spot[] {
  return convs.map(({ index, tensors, normAfterRelu }, i): Spot => {
    const next = convs[i + 1];
    if (next === undefined) return "last";
    const gap = next.index - index - ((tensors.batchNorm ?? normAfterRelu) ? 1 : 0);
    if (gap === 2) return "none";
    if (gap === 3) return "likely";
    if (gap === 4) return "pool";
    const problem = gap < 2 ? "no room for a ReLU between them" : "a convolution between them is missing";
    throw new WeightsError(`features.${index} and features.${next.index}: ${problem}`, {
      remedy: NETWORKS_THAT_OPEN,
    });
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
  before: readonly FoundConv[],
  used: Set<string>,
): FoundConv {
  const previous = before.at(-1);
  const layer = likelyName(index, previous);
  const weight = `features.${index}.weight`;
  const shape = requireTensor(tensors, layer, weight, used);
  const image = before[0]?.inputChannels ?? (shape[1] === 1 ? 1 : 3);
  const inputChannels = previous?.outputChannels ?? image;
  const outputChannels = shape[0] ?? 0;
  if (shape.length !== 4 || outputChannels < 1 || shape[1] !== inputChannels || !isOddSquare(shape)) {
    const vector = (tensors.get(`features.${index}.bias`) ??
      tensors.get(`features.${index + 1}.weight`))?.[0];
    const path = tensors.original(weight).replace(/\.weight$/, "");
    const what = misfit(shape, {
      vector,
      channels: inputChannels,
      before: [image, ...before.map(({ outputChannels: n }) => n)],
    });
    const hint = layoutHint(shape, previous === undefined ? [3, 1] : [inputChannels], vector);
    const isFirst = previous === undefined && (vector ?? outputChannels) === outputChannels;
    const images = hint === undefined && isFirst ? otherImages(shown(path), shape) : undefined;
    if (images !== undefined) throw images;
    if (hint === undefined && what !== undefined) throw cannotRun(path, what);
    throw mismatch(layer, tensors.original(weight), `(outputs,${inputChannels},3,3)`, shape, hint ?? MIXED);
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
  inputs: readonly number[],
  outputs: number | undefined,
): string | undefined {
  if (shape.length !== 4) return undefined;
  const isKernel = (O: number, I: number) => shape.every((side, i) => i === O || i === I || side === 3);
  const layout = LAYOUTS.find(
    ({ O, I }) => inputs.includes(shape[I] as number) && shape[O] === outputs && isKernel(O, I),
  );
  return layout && `this is ${layout.name}: transpose to OIHW`;
}

const MIXED = `tensors of two checkpoints were mixed, or it is another kind of network: ${NETWORKS_THAT_OPEN}`;
