/** The layers of a Keras model as a graph: each class of layer, its settings and what becomes of the image's shape. */
import type { Edges, GraphLayer, Pair } from "../checkpoint.ts";
import type { Scaling } from "../scaling.ts";
import { activationLayers } from "./activations.ts";
import {
  type JsonObject,
  type KerasLayer,
  type KerasModel,
  numberOf,
  pairOf,
  property,
  textOf,
} from "./config.ts";
import { scaledBy } from "./scaling.ts";
import type { Flattened, KerasTensor, KerasTensors } from "./tensors.ts";

/** Keras' default. */
export const BATCH_NORM_EPSILON = 1e-3;

export interface KerasGraph {
  readonly layers: readonly GraphLayer[];
  /** Tensors whose inputs were flattened from height, width, channels. */
  readonly flattened: ReadonlyMap<KerasTensor, Flattened>;
  /** What the model does to its pixels first; undefined where it has no such layer. */
  readonly scaling: Scaling | undefined;
  readonly input: ImageShape | undefined;
}

/** Sides are undefined where the model takes any. */
export interface ImageShape {
  readonly height: number | undefined;
  readonly width: number | undefined;
  readonly channels: number;
}

/** What a layer reads: an image or a vector. */
interface State {
  image: ImageShape | undefined;
  input: ImageShape | undefined;
  /** The image that a vector was flattened from, until a dense layer mixes it. */
  flat: Flattened | undefined;
  channelsFirst: boolean;
  scaling: Scaling | undefined;
  readonly flattened: Map<KerasTensor, Flattened>;
  readonly tensors: KerasTensors;
  readonly count: () => number;
}

export function graphOfKeras(model: KerasModel, tensors: KerasTensors): KerasGraph {
  const layers: GraphLayer[] = [];
  const state: State = {
    image: undefined,
    input: undefined,
    flat: undefined,
    channelsFirst: false,
    scaling: undefined,
    flattened: new Map(),
    tensors,
    count: () => layers.length,
  };
  for (const layer of model.layers) layers.push(...layersOf(layer, state));
  if (model.stop !== undefined) layers.push({ kind: "other", ...model.stop });
  return { layers, flattened: state.flattened, scaling: state.scaling, input: state.input };
}

function layersOf(layer: KerasLayer, state: State): readonly GraphLayer[] {
  const { className, name, config } = layer;
  readInput(config, state);
  const kind = className.startsWith("tf.keras.layers.") ? className.slice(16) : className;
  switch (kind) {
    case "InputLayer":
      return [];
    case "Conv2D":
    case "Convolution2D":
      return convolution(layer, state);
    case "Dense":
      return dense(layer, state);
    case "BatchNormalization":
      return [batchNorm(layer, state)];
    case "MaxPooling2D":
    case "MaxPool2D":
    case "AveragePooling2D":
    case "AvgPool2D":
      return [pool(layer, state, kind.startsWith("Max") ? "maxpool" : "avgpool")];
    case "GlobalAveragePooling2D":
    case "GlobalAvgPool2D":
      state.image = undefined;
      return [{ kind: "globalavgpool", name }];
    case "Flatten":
      return [flatten(layer, state)];
    case "Dropout":
    case "SpatialDropout2D":
    case "GaussianNoise":
    case "GaussianDropout":
    case "AlphaDropout":
    case "ActivityRegularization":
      return [{ kind: "dropout", name }];
    case "Activation":
      return activationLayers(name, property(config, "activation"));
    case "ReLU":
    case "LeakyReLU":
    case "Softmax":
      return activationLayers(name, { class_name: kind, config });
    case "Rescaling":
    case "Normalization":
      return scaling(layer, state);
    default:
      return augments(kind) ? [] : [other(layer, kind)];
  }
}

/** Layers that change images in training alone. */
function augments(kind: string): boolean {
  return /^Random[A-Z]/.test(kind) && kind !== "RandomCrop";
}

function other({ name }: KerasLayer, what: string): GraphLayer {
  return { kind: "other", name, what };
}

function readInput(config: JsonObject, state: State): void {
  const shape = property(config, "batch_input_shape") ?? property(config, "batch_shape");
  if (state.input !== undefined || state.count() > 0 || !Array.isArray(shape) || shape.length !== 4) return;
  const isFirst = textOf(property(config, "data_format")) === "channels_first";
  const side = (i: number): number | undefined => {
    const value: unknown = shape[i];
    return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
  };
  // An InputLayer does not say which order it is of; channels are fewer than sides.
  const first = isFirst || ((side(3) ?? 99) > 4 && (side(1) ?? 99) <= 4);
  const [height, width, channels] = first ? [side(2), side(3), side(1)] : [side(1), side(2), side(3)];
  if (channels === undefined) return;
  state.input = { height, width, channels };
  state.image = state.input;
  state.channelsFirst = first;
}

function convolution(layer: KerasLayer, state: State): readonly GraphLayer[] {
  const { name, config } = layer;
  const tensors = state.tensors.ofLayer(layer);
  const weight = tensors.get("kernel");
  const bias = tensors.get("bias");
  const [height, width, , outputs] = weight?.stored ?? [];
  if (weight === undefined || height === undefined || width === undefined || outputs === undefined)
    return [other(layer, "a convolution whose weights are not in the file")];
  state.channelsFirst = isChannelsFirst(config, state);
  const kernel: Pair = [height, width];
  const stride = pairOf(property(config, "strides") ?? property(config, "subsample")) ?? [1, 1];
  const dilation = pairOf(property(config, "dilation_rate")) ?? [1, 1];
  const isSame = isPadded(config);
  if (isSame === undefined) return [other(layer, "a convolution with padding of an unknown kind")];
  if (isSame && !stride.every((n) => n === 1))
    return [other(layer, `a ${kernel.join("×")} convolution with stride ${stride.join("×")}`)];
  const padding = isSame ? sameEdges(kernel, dilation) : NO_EDGES;
  const { image } = state;
  const out = (side: number | undefined, axis: 0 | 1): number | undefined =>
    side === undefined || isSame
      ? side
      : Math.max(0, Math.floor((side - (kernel[axis] - 1) * dilation[axis] - 1) / stride[axis]) + 1);
  state.image = { height: out(image?.height, 0), width: out(image?.width, 1), channels: outputs };
  const groups = numberOf(property(config, "groups")) ?? 1;
  const own = { name, weight: weight.name, ...(bias === undefined ? {} : { bias: bias.name }) };
  return [
    { kind: "conv", ...own, kernel, stride, padding, dilation, groups },
    ...activationLayers(name, property(config, "activation")),
  ];
}

function isChannelsFirst(config: JsonObject, state: State): boolean {
  const format = textOf(property(config, "data_format") ?? property(config, "dim_ordering"));
  return format === undefined || format === "default"
    ? state.channelsFirst
    : format === "channels_first" || format === "th";
}

/** Undefined where it is neither `same` nor `valid`. */
function isPadded(config: JsonObject): boolean | undefined {
  const word = textOf(property(config, "padding") ?? property(config, "border_mode"))?.toLowerCase();
  return word === "same" ? true : word === undefined || word === "valid" ? false : undefined;
}

const NO_EDGES: Edges = { top: 0, left: 0, bottom: 0, right: 0 };

/** TensorFlow's `same` at stride 1: as many rows come out as go in; the odd one is added after. */
function sameEdges(kernel: Pair, dilation: Pair): Edges {
  const [rows, columns] = [(kernel[0] - 1) * dilation[0], (kernel[1] - 1) * dilation[1]];
  const [top, left] = [Math.floor(rows / 2), Math.floor(columns / 2)];
  return { top, left, bottom: rows - top, right: columns - left };
}

function dense(layer: KerasLayer, state: State): readonly GraphLayer[] {
  const { name, config } = layer;
  const tensors = state.tensors.ofLayer(layer);
  const weight = tensors.get("kernel");
  const bias = tensors.get("bias");
  if (weight === undefined) return [other(layer, "a dense layer whose weights are not in the file")];
  if (state.image !== undefined) return [other(layer, "a dense layer at every position of an image")];
  const size = state.flat?.reduce((product, n) => product * n, 1);
  if (size !== undefined && size !== weight.stored[0]) {
    return [other(layer, `a dense layer of ${weight.stored[0] ?? "no"} inputs after a flatten to ${size}`)];
  }
  if (state.flat !== undefined) state.flattened.set(weight, state.flat);
  state.flat = undefined;
  const own = { name, weight: weight.name, ...(bias === undefined ? {} : { bias: bias.name }) };
  return [{ kind: "dense", ...own }, ...activationLayers(name, property(config, "activation"))];
}

function batchNorm(layer: KerasLayer, state: State): GraphLayer {
  const { name, config } = layer;
  const tensors = state.tensors.ofLayer(layer);
  const [mean, variance] = [tensors.get("moving_mean"), tensors.get("moving_variance")];
  const [weight, bias] = [tensors.get("gamma"), tensors.get("beta")];
  if (mean === undefined || variance === undefined)
    return other(layer, "batch norm whose statistics are not in the file");
  const axis = axisOf(config);
  const wanted = state.image !== undefined && state.channelsFirst ? 1 : -1;
  const rank = state.image === undefined ? 2 : 4;
  if (axis !== undefined && (axis + rank) % rank !== (wanted + rank) % rank)
    return other(layer, `batch norm of axis ${axis}`);
  for (const tensor of [weight, bias, mean, variance])
    if (tensor !== undefined && state.flat !== undefined) state.flattened.set(tensor, state.flat);
  return {
    kind: "batchnorm",
    name,
    ...(weight === undefined ? {} : { weight: weight.name }),
    ...(bias === undefined ? {} : { bias: bias.name }),
    mean: mean.name,
    variance: variance.name,
    epsilon: numberOf(property(config, "epsilon")) ?? BATCH_NORM_EPSILON,
  };
}

function axisOf(config: JsonObject): number | undefined {
  const axis = property(config, "axis");
  return numberOf(Array.isArray(axis) ? axis[0] : axis);
}

function pool(layer: KerasLayer, state: State, kind: "maxpool" | "avgpool"): GraphLayer {
  const { name, config } = layer;
  const kernel = pairOf(property(config, "pool_size")) ?? [2, 2];
  const stride = pairOf(property(config, "strides")) ?? kernel;
  const isSame = isPadded(config);
  const sides = [state.image?.height, state.image?.width] as const;
  // `same` adds nothing where windows tile the image.
  const fits = (axis: 0 | 1): boolean =>
    kernel[axis] === stride[axis] && (sides[axis] ?? Number.NaN) % stride[axis] === 0;
  if (isSame === undefined || (isSame && !(fits(0) && fits(1))))
    return other(layer, `a ${kernel.join("×")} pool that pads its input`);
  const out = (axis: 0 | 1): number | undefined => {
    const side = sides[axis];
    return side === undefined ? side : Math.max(0, Math.floor((side - kernel[axis]) / stride[axis]) + 1);
  };
  if (state.image !== undefined) state.image = { ...state.image, height: out(0), width: out(1) };
  return { kind, name, kernel, stride, padding: NO_EDGES };
}

/** Which order a flatten takes decides where a dense layer finds each channel. */
function flatten(layer: KerasLayer, state: State): GraphLayer {
  const { image } = state;
  if (image === undefined) return { kind: "flatten", name: layer.name };
  if (image.height === undefined || image.width === undefined)
    return other(layer, "a flatten of an image whose size is not said");
  // Keras' Flatten moves channels last if told that they are first; otherwise it takes memory's order.
  const told = textOf(property(layer.config, "data_format"));
  if (told === "channels_first" && !state.channelsFirst)
    return other(layer, "a flatten of channels_first in a network of channels_last");
  const isChannelsLast = !state.channelsFirst || told === "channels_first";
  state.flat = isChannelsLast ? [image.height, image.width, image.channels] : undefined;
  state.image = undefined;
  return { kind: "flatten", name: layer.name };
}

function scaling(layer: KerasLayer, state: State): readonly GraphLayer[] {
  const next = state.count() === 0 ? scaledBy(layer, state.scaling) : undefined;
  if (next === undefined)
    return [other(layer, `${layer.className} of a kind or at a place that is not read`)];
  state.scaling = next;
  return [];
}
