/**
 * Names for a network's tensors in a file: torchvision's (`features.N`, `classifier.N`) for the layouts that were published
 * (Simonyan & Zisserman 2015), this project's own names of layers for all others.
 */
import type { Network } from "./network.ts";
import { isPublished } from "./pools.ts";

/** What the tensors of a layer with weights are called before `.weight` and `.bias`. */
export interface LayerBases {
  readonly own: string;
  /** Of the batch norm that the layer takes in. */
  readonly norm: string;
}

/** @param normed whether a layer takes in a batch norm */
export function tensorBases(
  network: Network,
  normed: (layer: string) => boolean,
): ReadonlyMap<string, LayerBases> {
  const isVgg = isPublishedLayout(network, normed);
  const bases = new Map<string, LayerBases>();
  let features = 0;
  let linears = 0;
  for (const { kind, name } of network.layers) {
    if (kind === "linear") {
      // A ReLU and a dropout stand between two linear layers.
      const own = isVgg ? `classifier.${3 * linears}` : name;
      linears += 1;
      bases.set(name, { own, norm: normName(name) });
    } else if (kind === "conv" || kind === "plainconv") {
      const vgg = { own: `features.${features}`, norm: `features.${features + 1}` };
      bases.set(name, isVgg ? vgg : { own: name, norm: normName(name) });
      features += normed(name) ? 2 : 1;
    } else if (kind === "affine") bases.set(name, { own: name, norm: name });
    else features += 1;
  }
  return bases;
}

/** `bn3_4` of `conv3_4`, `bn6` of `fc6`, `bn_logits`. `norm3_4` is a layer of its own. */
function normName(layer: string): string {
  return /^(conv|fc)/.test(layer) ? layer.replace(/^(conv|fc)/, "bn") : `bn_${layer}`;
}

function isPublishedLayout(network: Network, normed: (layer: string) => boolean): boolean {
  const { layers, name } = network;
  const convs = layers.filter((layer) => layer.kind === "conv");
  const linears = layers.filter(({ kind }) => kind === "linear");
  const pools = convs.map((conv) => layers[layers.indexOf(conv) + 2]?.kind === "maxpool");
  // A head stands behind all five blocks, or it is another network.
  const isWhole = linears.length === 0 || pools.filter((pool) => pool).length >= 4;
  const isVgg = /^VGG-\d/.test(name) || (isPublished(pools) && isWhole);
  const isPlain = layers.every(({ kind }) => ["conv", "relu", "maxpool", "avgpool", "linear"].includes(kind));
  const isPadded = convs.every(({ padding }) => padding === 1);
  return isVgg && isPlain && isPadded && !linears.some((linear) => normed(linear.name));
}
