/** `info`: what a network is made of. Needs no GPU. */
import { InputError } from "../errors.ts";
import type { Layer, Model, Network } from "../model/network.ts";
import { imageChannels, layerShapes, parameterCount, receptiveField } from "../model/shapes.ts";
import type { Colours } from "../nn/preprocess.ts";
import { size } from "../optvis/field.ts";
import { recipeFields } from "../optvis/recipe-fields.ts";
import { method } from "./method.ts";
import { count, table } from "./shared/text.ts";

export interface LayerInfo {
  readonly name: string;
  readonly kind: Layer["kind"];
  /** Channels, height, width of its output at the size asked for. */
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly parameters: number;
  /** Side of the square of input pixels that one unit sees; null where it sees the whole image. */
  readonly receptiveField: number | null;
  /** Distance in input pixels between neighbouring units; null where there is only one position. */
  readonly stride: number | null;
}

export interface ModelInfo {
  readonly name: string;
  readonly preprocess: Model["preprocess"];
  /** Channels of the image that it reads: three, or one, which is grey. */
  readonly colours: Colours;
  readonly size: readonly [height: number, width: number];
  readonly parameters: number;
  readonly layers: readonly LayerInfo[];
  readonly classes: readonly string[];
  /** Tensors in the file that the architecture does not use. */
  readonly unusedTensors: readonly string[];
  /** What neither the file nor the one who opened it said, and was taken for granted. */
  readonly assumptions: readonly string[];
}

const options = {
  size: size({
    label: "Size",
    help: "input size in pixels that shapes are for",
    default: [224, 224],
    leftOut: "",
    least: recipeFields.size.least,
    most: recipeFields.size.most,
  }),
};

export const info = method({
  name: "Info",
  sentence: "List a network's layers and classes.",
  source: "the checkpoint",
  input: "network",
  subject: "none",
  options,
  makes: {},
  examples: ["--model embedded", "--model vgg16.safetensors --preprocess imagenet --size 224 --json"],
  steps: () => 0,
  async run(_gpu, model, { size: asked }) {
    return { report: describeModel(model, asked), tensors: {} };
  },
  summary: infoText,
});

/**
 * A network as plain data.
 *
 * @param size height and width of the input; without it 224², or the smallest square that the network's
 *   flatten head accepts
 * @throws InputError if the size is too small or does not fit the head
 */
function describeModel(model: Model, size?: readonly [number, number]): ModelInfo {
  const { network } = model;
  const at = size ?? usualSize(network);
  const shapes = layerShapes(network, at);
  const layers = network.layers.map((layer): LayerInfo => {
    const shape = shapes.get(layer.name);
    if (shape === undefined) throw new InputError(`${layer.name}: no shape at ${at.join("×")}`);
    const field = receptiveField(network, layer.name);
    const whole = !Number.isFinite(field.size);
    return {
      name: layer.name,
      kind: layer.kind,
      shape: [shape.channels, shape.height, shape.width],
      parameters: parameterCount(layer),
      receptiveField: whole ? null : field.size,
      stride: whole ? null : field.stride,
    };
  });
  return {
    name: network.name,
    preprocess: model.preprocess,
    colours: imageChannels(network),
    size: at,
    parameters: layers.reduce((sum, layer) => sum + layer.parameters, 0),
    layers,
    classes: network.classes,
    unusedTensors: model.unusedTensors,
    assumptions: model.assumptions,
  };
}

/** 224² as in the papers; a flatten head takes one size only, which is then searched for. */
export function usualSize(network: Network): readonly [number, number] {
  const accepts = (side: number): boolean => {
    try {
      layerShapes(network, [side, side]);
      return true;
    } catch {
      return false;
    }
  };
  if (accepts(224)) return [224, 224];
  for (let side = 1; side <= 1024; side++) if (accepts(side)) return [side, side];
  return [224, 224];
}

function infoText(info: ModelInfo): string {
  const rows = info.layers.map((layer) => [
    layer.name,
    layer.shape.join("×"),
    layer.parameters > 0 ? count(layer.parameters) : "",
    layer.receptiveField === null ? "whole image" : String(layer.receptiveField),
  ]);
  const parts = [
    `${info.name}: ${count(info.parameters)} parameters, ${info.colours === 1 ? "of grey images, " : ""}preprocessing ${info.preprocess}, at ${info.size.join("×")}`,
    ...info.assumptions.map((assumption) => `Assumed: ${assumption}`),
    "",
    table([["layer", "output", "parameters", "receptive field"], ...rows]),
  ];
  if (info.classes.length > 0) {
    const shown = info.classes.slice(0, 100);
    const more = info.classes.length - shown.length;
    const list = shown.join(", ") + (more > 0 ? `, … and ${more} more (--json has all)` : "");
    parts.push("", `${info.classes.length} classes: ${list}`);
  }
  if (info.unusedTensors.length > 0) parts.push("", `Tensors not used: ${info.unusedTensors.join(", ")}`);
  return parts.join("\n");
}
