import type { Preprocess } from "../../src/model/network.ts";
import { type Tensor, zeros } from "./tensor.ts";

/** net[c] = scale[c] · u[order[c]], with u = colours − mean the resident image, exactly 0 at the zero start. */
export interface ReferencePreprocess {
  /** Of each colour, 0–1: three, or one of grey. */
  readonly mean: readonly number[];
  /** Per network channel. */
  readonly scale: readonly number[];
  /** Network channel → the image's. */
  readonly order: readonly number[];
}

/**
 * The constants, written out here a second time on purpose, so that a slip in the engine's shows.
 * `imagenet`: torchvision's mean and standard deviation; `caffe`: BGR, 0–255, the means of VGG's authors.
 */
export const PREPROCESS: Readonly<Record<Preprocess, ReferencePreprocess>> = {
  unit: { mean: [0, 0, 0], scale: [1, 1, 1], order: [0, 1, 2] },
  imagenet: { mean: [0.485, 0.456, 0.406], scale: [1 / 0.229, 1 / 0.224, 1 / 0.225], order: [0, 1, 2] },
  // Of a network that takes grey pixels from −1 to 1, and one that takes them from 0 to 1.
  "mean=0.5;std=0.5": { mean: [0.5], scale: [2], order: [0] },
  "mean=0;std=1": { mean: [0], scale: [1], order: [0] },
  caffe: { mean: [123.68 / 255, 116.779 / 255, 103.939 / 255], scale: [255, 255, 255], order: [2, 1, 0] },
};

/** @param u resident image colours − mean, (N,C,H,W); returns the network's input, a window (y,x,h,w) of it, (N,C,h,w) */
export function preprocessForward(
  u: Tensor,
  kind: Preprocess,
  [y, x, h, w]: readonly number[] = [0, 0, u.shape[2], u.shape[3]],
): Tensor {
  const { scale, order } = PREPROCESS[kind]!;
  const net = zeros([u.shape[0], u.shape[1], h!, w!]);
  forEachElement(net, (n, c, i, j, index) => {
    net.data[index] = scale[c]! * u.data[at(u, n, order[c]!, y! + i, x! + j)]!;
  });
  return net;
}

/** @param dnet gradient of the network's input, (N,C,h,w); returns that of the image, (N,C,H,W) */
export function preprocessBackward(
  dnet: Tensor,
  kind: Preprocess,
  [y, x, height, width]: readonly number[] = [0, 0, dnet.shape[2], dnet.shape[3]],
): Tensor {
  const { scale, order } = PREPROCESS[kind]!;
  const du = zeros([dnet.shape[0], dnet.shape[1], height!, width!]);
  forEachElement(dnet, (n, c, i, j, index) => {
    du.data[at(du, n, order[c]!, y! + i, x! + j)] = scale[c]! * dnet.data[index]!;
  });
  return du;
}

function at({ shape }: Tensor, n: number, c: number, i: number, j: number): number {
  return ((n * shape[1] + c) * shape[2] + i) * shape[3] + j;
}

function forEachElement(
  { shape }: Tensor,
  visit: (n: number, c: number, i: number, j: number, index: number) => void,
): void {
  const [batch, channels, height, width] = shape;
  for (let index = 0; index < batch * channels * height * width; index++) {
    const plane = Math.floor(index / width / height);
    visit(
      Math.floor(plane / channels),
      plane % channels,
      Math.floor(index / width) % height,
      index % width,
      index,
    );
  }
}

/** image (0–1) → u = image − mean, (N,C,H,W). */
export function subtractMean(rgb: Tensor, kind: Preprocess): Tensor {
  return shiftByMean(rgb, kind, -1);
}

/** u → image = u + mean (0–1), (N,C,H,W). */
export function addMean(u: Tensor, kind: Preprocess): Tensor {
  return shiftByMean(u, kind, 1);
}

function shiftByMean(image: Tensor, kind: Preprocess, sign: 1 | -1): Tensor {
  const { mean } = PREPROCESS[kind]!;
  const shifted = zeros(image.shape);
  forEachPlane(image, (n, c, plane) => {
    const begin = (n * image.shape[1] + c) * plane;
    for (let i = begin; i < begin + plane; i++) shifted.data[i] = image.data[i]! + sign * mean[c]!;
  });
  return shifted;
}

function forEachPlane(image: Tensor, visit: (n: number, channel: number, plane: number) => void): void {
  for (let n = 0; n < image.shape[0]; n++) {
    for (let c = 0; c < image.shape[1]; c++) visit(n, c, image.shape[2] * image.shape[3]);
  }
}
