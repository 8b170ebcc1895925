import type { Preprocess } from "../../src/model/network.ts";
import { type Tensor, zeros } from "./tensor.ts";

/** net[c] = scale[c] · u[order[c]], with u = rgb − mean the resident image, exactly 0 at the zero start. */
export interface ReferencePreprocess {
  /** RGB, 0–1. */
  readonly mean: readonly number[];
  /** Per network channel. */
  readonly scale: readonly number[];
  /** Network channel → RGB channel. */
  readonly order: readonly number[];
}

/**
 * The constants, written out here a second time on purpose, so that a slip in the engine's shows.
 * `imagenet`: torchvision's mean and standard deviation; `caffe`: BGR, 0–255, the means of VGG's authors.
 */
export const PREPROCESS: Readonly<Record<Preprocess, ReferencePreprocess>> = {
  unit: { mean: [0, 0, 0], scale: [1, 1, 1], order: [0, 1, 2] },
  imagenet: { mean: [0.485, 0.456, 0.406], scale: [1 / 0.229, 1 / 0.224, 1 / 0.225], order: [0, 1, 2] },
  caffe: { mean: [123.68 / 255, 116.779 / 255, 103.939 / 255], scale: [255, 255, 255], order: [2, 1, 0] },
};

/** @param u resident image rgb − mean, (N,3,H,W); returns the network's input, (N,3,H,W) */
export function preprocessForward(u: Tensor, kind: Preprocess): Tensor {
  const { scale, order } = PREPROCESS[kind];
  const net = zeros(u.shape);
  forEachPlane(u, (n, c, plane) => {
    const from = (n * 3 + order[c]!) * plane;
    for (let i = 0; i < plane; i++) net.data[(n * 3 + c) * plane + i] = scale[c]! * u.data[from + i]!;
  });
  return net;
}

/** @param dnet gradient of the network's input, (N,3,H,W); returns that of the RGB image, (N,3,H,W) */
export function preprocessBackward(dnet: Tensor, kind: Preprocess): Tensor {
  const { scale, order } = PREPROCESS[kind];
  const du = zeros(dnet.shape);
  forEachPlane(dnet, (n, c, plane) => {
    const to = (n * 3 + order[c]!) * plane;
    for (let i = 0; i < plane; i++) du.data[to + i] = scale[c]! * dnet.data[(n * 3 + c) * plane + i]!;
  });
  return du;
}

/** rgb (0–1) → u = rgb − mean, (N,3,H,W). */
export function subtractMean(rgb: Tensor, kind: Preprocess): Tensor {
  return shiftByMean(rgb, kind, -1);
}

/** u → rgb = u + mean (0–1), (N,3,H,W). */
export function addMean(u: Tensor, kind: Preprocess): Tensor {
  return shiftByMean(u, kind, 1);
}

function shiftByMean(image: Tensor, kind: Preprocess, sign: 1 | -1): Tensor {
  const { mean } = PREPROCESS[kind];
  const shifted = zeros(image.shape);
  forEachPlane(image, (n, c, plane) => {
    const begin = (n * 3 + c) * plane;
    for (let i = begin; i < begin + plane; i++) shifted.data[i] = image.data[i]! + sign * mean[c]!;
  });
  return shifted;
}

function forEachPlane(image: Tensor, visit: (n: number, channel: number, plane: number) => void): void {
  for (let n = 0; n < image.shape[0]; n++) {
    for (let c = 0; c < 3; c++) visit(n, c, image.shape[2] * image.shape[3]);
  }
}
