/** The kinds of layers. To add one, write its module in `layers/` and name it here: the `Layer` type follows. */
import { InputError, shown } from "../errors.ts";
import type { LayerKind } from "./layer.ts";
import { affine } from "./layers/affine.ts";
import { avgpool } from "./layers/avgpool.ts";
import { avgpool2x2 } from "./layers/avgpool2x2.ts";
import { conv } from "./layers/conv.ts";
import { leaky } from "./layers/leaky.ts";
import { linear } from "./layers/linear.ts";
import { maxpool } from "./layers/maxpool.ts";
import { plainconv } from "./layers/plainconv.ts";
import { relu } from "./layers/relu.ts";
import { sigmoid, tanh } from "./layers/smooth.ts";

const activations = { relu, leaky, tanh, sigmoid };

const kinds = {
  ...{ conv, plainconv, linear, affine },
  ...activations,
  ...{ maxpool, avgpool2x2, avgpool },
};

type LayerOf<K> = K extends LayerKind<infer L> ? L : never;

/** A layer of any kind, as data. */
export type Layer = LayerOf<(typeof kinds)[keyof typeof kinds]>;

/** What a layer's kind knows about it. */
export function layerKind(layer: Layer): LayerKind<Layer> {
  const kind: LayerKind<Layer> | undefined = kinds[layer.kind];
  if (kind) return kind;
  throw new InputError(
    `layer ${shown(layer.name)}: expected one of ${Object.keys(kinds).join(" ")}, got ${shown(layer.kind)}`,
  );
}

/** Whether the layer is a function of each number alone, after a convolution or a dense layer. */
export function isActivation(layer: Layer): boolean {
  return Object.hasOwn(activations, layer.kind);
}

export function hasWeights(layer: Layer): boolean {
  return layerKind(layer).weights !== "none";
}

/** Whether the layer's units have no position in the image. */
export function isDense(layer: Layer): boolean {
  return layerKind(layer).weights === "dense";
}
