/** Gradients averaged over many versions of one image, and what becomes of their three colours. */

import type { Ascent } from "../../engine/run/ascent.ts";
import { normals } from "../../engine/run/start.ts";
import type { Preprocess } from "../../model/network.ts";
import { preprocessing } from "../../model/preprocess.ts";
import type { Tensor } from "../report.ts";

/** Bytes of one layer's activations that a batch of samples may take; VGG's first layers have 64 channels. */
const ACTIVATION_BYTES = 2 ** 25;

/** How many samples of an image are run at once: a handful, fewer for large images. */
export function sampleBatch({ data, shape }: Tensor, samples: number): number {
  const bytes = (4 * 64 * data.length) / (shape[1] as number);
  return Math.max(1, Math.min(8, samples, Math.floor(ACTIVATION_BYTES / bytes)));
}

/** The image plus σ times normal noise, colours in 0–1 units; the same seed gives the same noise everywhere. */
export function noisy(image: Float32Array, sigma: number, seed: number): Float32Array {
  const normal = normals(seed);
  return image.map((x) => x + sigma * normal());
}

/** Zero input for α = 0, the image for α = 1, and the straight line between. Colours (C,H,W) in 0–1 units. */
export function onPath(image: Float32Array, preprocess: Preprocess, alpha: number): Float32Array {
  const { mean } = preprocessing(preprocess);
  const area = image.length / mean.length;
  return image.map((x, i) => {
    const zero = mean[Math.floor(i / area)] as number;
    return zero + alpha * (x - zero);
  });
}

/**
 * Mean over `count` images of the objective's gradient, (C,H,W), added up in float64.
 * @param at image number i, colours (C,H,W) in 0–1 units
 */
export async function meanGradient(
  ascent: Ascent,
  count: number,
  at: (i: number) => Float32Array,
  onProgress?: (samples: number) => void,
): Promise<Float64Array> {
  const { batch, colours, size } = ascent.plan;
  const length = colours * size[0] * size[1];
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

/** (C,H,W) → (H,W): the largest absolute value of the colours. */
export function largestByColour(gradient: ArrayLike<number>, area: number): Float64Array {
  return overColours(gradient, area, (a, b) => Math.max(a, Math.abs(b)));
}

/** (C,H,W) → (H,W). */
export function sumByColour(values: ArrayLike<number>, area: number): Float64Array {
  return overColours(values, area, (a, b) => a + b);
}

function overColours(
  values: ArrayLike<number>,
  area: number,
  join: (sum: number, value: number) => number,
): Float64Array {
  const map = new Float64Array(area);
  for (let i = 0; i < values.length; i++) map[i % area] = join(map[i % area] as number, values[i] as number);
  return map;
}
