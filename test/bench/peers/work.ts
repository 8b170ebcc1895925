/**
 * The work that everybody is measured on: VGG-16 with weights from a seed up to one layer, the mean of one
 * of its channels after the ReLU, the gradient to the image alone, and a step of fixed rms along it.
 */
import { type Layer, openModel } from "webgpu-ascent";
import { noiseImage } from "../../fixtures/hashing.ts";
import { randomNetwork } from "../../fixtures/random-network.ts";

export const SEED = 1234;
export const CHANNEL = 7;
export const LEARNING_RATE = 0.05;
export const EPSILON = 1e-8;

export interface ConvWork {
  readonly kind: "conv";
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** (K,C,3,3) */
  readonly weight: Float32Array<ArrayBuffer>;
  readonly bias: Float32Array<ArrayBuffer>;
}

/** A 3×3 convolution with padding 1 and its ReLU, or a 2×2 max-pool. */
export type LayerWork = ConvWork | { readonly kind: "pool" };

export interface Work {
  /** Pixels a side. */
  readonly size: number;
  /** `relu3_3`: the last layer computed. */
  readonly target: string;
  readonly layers: readonly LayerWork[];
  /** Channels of the target. */
  readonly channels: number;
  /** Pixels a side of the target. */
  readonly targetSize: number;
  /** RGB in [0, 1), (3,H,W). */
  readonly image: Float32Array<ArrayBuffer>;
  /** Multiplications and additions of an iteration: the convolutions, forward and backward. */
  readonly flops: number;
}

/** One library on the work, its image resident where it computes. */
export interface Contender {
  readonly version: string;
  /** Runs iterations and waits until the last has finished. */
  iterate(count: number): Promise<void>;
  /** Gradient of the objective at the work's image, (3,H,W). */
  gradient(): Promise<Float32Array>;
}

export type Create = (work: Work) => Promise<Contender>;

export async function makeWork(size: number, target: string): Promise<Work> {
  const model = await openModel(randomNetwork("vgg16", SEED), { preprocess: "unit" });
  const end = model.network.layers.findIndex(({ name }) => name === target);
  if (end < 0) throw new Error(`VGG-16 has no ${target}`);
  const layers: LayerWork[] = [];
  let [side, channels, multiplications] = [size, 3, 0];
  for (const layer of model.network.layers.slice(0, end)) {
    if (layer.kind === "maxpool") {
      layers.push({ kind: "pool" });
      side = Math.floor(side / 2);
    } else if (layer.kind === "conv") {
      layers.push(await convWork(layer, await model.layerWeights(layer)));
      multiplications += 9 * layer.inputChannels * layer.outputChannels * side * side;
      channels = layer.outputChannels;
    }
  }
  const image = Float32Array.from(noiseImage(SEED, [3, size, size]));
  return { size, target, layers, channels, targetSize: side, image, flops: 4 * multiplications };
}

function convWork(
  { inputChannels, outputChannels }: Extract<Layer, { kind: "conv" }>,
  { weight, bias }: { readonly weight: Float32Array; readonly bias: Float32Array },
): ConvWork {
  return {
    kind: "conv",
    inputChannels,
    outputChannels,
    weight: Float32Array.from(weight),
    bias: Float32Array.from(bias),
  };
}

/** (K,C,3,3) flipped and transposed to (C,K,3,3), so that the gradient to the input is again a convolution. */
export function flipped({ weight, inputChannels, outputChannels }: ConvWork): Float32Array<ArrayBuffer> {
  const out = new Float32Array(weight.length);
  for (let k = 0; k < outputChannels; k++) {
    for (let c = 0; c < inputChannels; c++) {
      for (let tap = 0; tap < 9; tap++) {
        out[(c * outputChannels + k) * 9 + 8 - tap] = weight[(k * inputChannels + c) * 9 + tap] as number;
      }
    }
  }
  return out;
}

/** The gradient of the objective with respect to the target: 1/area on the channel, 0 elsewhere. */
export function objectiveSeed({ channels, targetSize }: Work): Float32Array<ArrayBuffer> {
  const area = targetSize * targetSize;
  return new Float32Array(channels * area).fill(1 / area, CHANNEL * area, (CHANNEL + 1) * area);
}
