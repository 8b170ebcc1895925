/** How RGB pixels in 0–1 become the network's input. Zero padding happens after it. */
import type { Preprocess } from "./network.ts";

/**
 * With the resident image u = rgb − mean, the network's input is `input[c] = scale[c] · u[order[c]]`.
 * So u = 0 is an input of exact zeros: the mean colour, or black for `unit`.
 */
export interface Preprocessing {
  /** RGB, in 0–1 units. */
  readonly mean: readonly [r: number, g: number, b: number];
  /** One per network channel: network units per RGB unit. */
  readonly scale: readonly [number, number, number];
  /** Network channel to RGB channel; [2,1,0] is a network that takes BGR. */
  readonly order: readonly [number, number, number];
}

const PREPROCESSING: Readonly<Record<Preprocess, Preprocessing>> = {
  unit: { mean: [0, 0, 0], scale: [1, 1, 1], order: [0, 1, 2] },
  // torchvision's and timm's ImageNet mean and standard deviation.
  imagenet: {
    mean: [0.485, 0.456, 0.406],
    scale: [1 / 0.229, 1 / 0.224, 1 / 0.225],
    order: [0, 1, 2],
  },
  // The VGG authors' own Caffe models: BGR, 0–255, minus the training set's mean colour.
  caffe: {
    mean: [123.68 / 255, 116.779 / 255, 103.939 / 255],
    scale: [255, 255, 255],
    order: [2, 1, 0],
  },
};

export const preprocessKinds: readonly Preprocess[] = ["unit", "imagenet", "caffe"];

export function preprocessing(kind: Preprocess): Preprocessing {
  return PREPROCESSING[kind];
}

export function isPreprocess(word: string): word is Preprocess {
  return (preprocessKinds as readonly string[]).includes(word);
}
