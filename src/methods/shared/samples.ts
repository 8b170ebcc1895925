/** Gradients averaged over many versions of one image, and what becomes of their three colours. */

import type { Ascent } from "../../engine/run/ascent.ts";
import { normals } from "../../engine/run/start.ts";
import type { Preprocess } from "../../model/network.ts";
import { preprocessing } from "../../model/preprocess.ts";
import type { Tensor } from "../report.ts";

/** Bytes of one layer's activations that a batch of samples may take; VGG's first layers have 64 channels. */
const ACTIVATION_BYTES = 2 ** 25;

/** How many samples of an image are run at once: a handful, fewer for large images. */
export function sampleBatch({ data }: Tensor, samples: number): number {
  const bytes = (4 * 64 * data.length) / 3;
  return Math.max(1, Math.min(8, samples, Math.floor(ACTIVATION_BYTES / bytes)));
}

/** The image plus σ times normal noise, RGB in 0–1 units; the same seed gives the same noise everywhere. */
export function noisy(image: Float32Array, sigma: number, seed: number): Float32Array {
  const normal = normals(seed);
  return image.map((x) => x + sigma * normal());
}

/** Zero input for α = 0, the image for α = 1, and the straight line between. RGB (3,H,W) in 0–1 units. */
export function onPath(image: Float32Array, preprocess: Preprocess, alpha: number): Float32Array {
  const { mean } = preprocessing(preprocess);
  const area = image.length / 3;
  return image.map((x, i) => {
    const zero = mean[Math.floor(i / area)] as number;
    return zero + alpha * (x - zero);
  });
}

/**
 * Mean over `count` images of the objective's gradient, (3,H,W), added up in float64.
 * @param at image number i, RGB (3,H,W) in 0–1 units
 */
export async function meanGradient(
  ascent: Ascent,
  count: number,
  at: (i: number) => Float32Array,
  onProgress?: (samples: number) => void,
): Promise<Float64Array> {
  const { batch, size } = ascent.plan;
  const length = 3 * size[0] * size[1];
  const mean = new Float64Array(length);
  const images = new Float32Array(batch * length);
  for (let first = 0; first < count; first += batch) {
    const fresh = Math.min(batch, count - first);
    for (let n = 0; n < fresh; n++) images.set(at(first + n), n * length);
    const { gradient } = await ascent.gradient(images);
    for (let i = 0; i < fresh * length; i++) {
      mean[i % length] = (mean[i % length] as number) + (gradient[i] as number) / count;
    }
    onProgress?.(first + fresh);
  }
  return mean;
}

/** (3,H,W) → (H,W): the largest absolute value of the three colours. */
export function largestByColour(gradient: ArrayLike<number>): Float64Array {
  return overColours(gradient, (a, b) => Math.max(a, Math.abs(b)));
}

/** (3,H,W) → (H,W). */
export function sumByColour(values: ArrayLike<number>): Float64Array {
  return overColours(values, (a, b) => a + b);
}

function overColours(values: ArrayLike<number>, join: (sum: number, value: number) => number): Float64Array {
  const area = values.length / 3;
  return Float64Array.from({ length: area }, (_, i) =>
    [0, 1, 2].reduce((sum, colour) => join(sum, values[colour * area + i] as number), 0),
  );
}
