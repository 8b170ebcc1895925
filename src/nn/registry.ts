/** The kinds of layers. To add one, write its module in `layers/` and name it here: the `Layer` type follows. */
import { InputError, shown } from "../errors.ts";
import type { LayerKind } from "./layer.ts";
import { avgpool } from "./layers/avgpool.ts";
import { conv } from "./layers/conv.ts";
import { linear } from "./layers/linear.ts";
import { maxpool } from "./layers/maxpool.ts";
import { relu } from "./layers/relu.ts";

const kinds = { conv, relu, maxpool, avgpool, linear };

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

export function hasWeights(layer: Layer): boolean {
  return layerKind(layer).weights !== "none";
}

/** Whether the layer's units have no position in the image. */
export function isDense(layer: Layer): boolean {
  return layerKind(layer).weights === "dense";
}
