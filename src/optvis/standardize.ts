/**
 * Standardised pictures: whatever the ascent did to its brightness and contrast, an image is shown around grey with one
 * deviation, as the Keras example has it ("Visualizing what convnets learn", Chollet 2020), which crops it besides.
 */
import { standardize_statistics } from "../../shaders/standardize.wgsl";
import { type BufferRef, type Dispatch, dispatch } from "../gpu/dispatch.ts";
import { coloursOf, ofColours, vectorOf } from "../nn/preprocess.ts";
import type { Images } from "./params/param.ts";

/** Standard deviation of what is shown, in 0–1 units, around 0.5. */
const DEVIATION = 0.15;
/** The example adds 1e-5 to a deviation of pixels from −1 to 1. */
const EPSILON = 5e-6;

/** Mean and gain of every image, (N,2): see shaders/standardize.wgsl. @param buffers `image` is colours − mean, (N,C,H,W) */
export function imageStatistics(
  { batch, size, mean }: Images,
  buffers: { readonly image: BufferRef; readonly statistics: BufferRef },
): Dispatch {
  const area = size[0] * size[1];
  return dispatch(standardize_statistics, {
    label: "standardize",
    buffers,
    uniform: { area, deviation: DEVIATION, epsilon: EPSILON, mean: vectorOf(mean) },
    ...ofColours(coloursOf(mean)),
    workgroups: [batch, 1, 1],
    bytes: 4 * mean.length * batch * area,
  });
}

/**
 * The images as they are shown: (x − m)·0.15/σ + 0.5, not clamped, with mean m and standard deviation σ of all numbers of
 * an image.
 * @param images colours in 0–1 units, (N,C,H,W)
 */
export function standardized(images: Float32Array, batch: number): Float32Array<ArrayBuffer> {
  const length = images.length / batch;
  const shown = new Float32Array(images.length);
  for (let n = 0; n < batch; n++) {
    const image = images.subarray(n * length, (n + 1) * length);
    const mean = image.reduce((sum, x) => sum + x, 0) / length;
    const variance = image.reduce((sum, x) => sum + (x - mean) ** 2, 0) / length;
    const gain = DEVIATION / (Math.sqrt(variance) + EPSILON);
    shown.set(
      image.map((x) => (x - mean) * gain + 0.5),
      n * length,
    );
  }
  return shown;
}
