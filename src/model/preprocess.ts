/** How RGB pixels in 0–1 become the network's input. Convolutions pad with zeros after that. */
import type { Preprocessing } from "../nn/preprocess.ts";
import type { Preprocess } from "./network.ts";

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

export const preprocessKinds = Object.keys(PREPROCESSING) as readonly Preprocess[];

export function preprocessing(kind: Preprocess): Preprocessing {
  return PREPROCESSING[kind];
}

export function isPreprocess(word: unknown): word is Preprocess {
  return preprocessKinds.some((kind) => kind === word);
}
