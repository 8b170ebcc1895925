/** Circular jitter: every image is rolled by whole pixels, uniform in [−p,p]² (Mordvintsev et al. 2015). */
import { jitter_backward, jitter_forward } from "../../../shaders/jitter.wgsl";
import { dispatch, fold } from "../../gpu/dispatch.ts";
import { coloursOf, ofColours } from "../../nn/preprocess.ts";
import type { Transform, TransformBuffers, TransformContext } from "./transform.ts";

/** @param pixels shifts are uniform over −pixels … pixels, each image and iteration its own */
export function jitter(pixels: number): Transform {
  return {
    text: `jitter:${pixels}`,
    outputSize: (size) => size,
    forward: (place, buffers) =>
      dispatch(jitter_forward, { label: "jitter forward", ...passOf(pixels, place, buffers) }),
    backward: (place, buffers) =>
      dispatch(jitter_backward, { label: "jitter backward", ...passOf(pixels, place, buffers) }),
  };
}

function passOf(
  pixels: number,
  { batch, size, seed, op, strength, fill }: TransformContext,
  buffers: TransformBuffers,
) {
  const [height, width] = size;
  const colours = coloursOf(fill);
  return {
    ...ofColours(colours),
    buffers,
    uniform: { batch, height, width, jitter: Math.round(strength * pixels), seed, op },
    workgroups: fold(colours * batch * height * width),
    bytes: 2 * 4 * colours * batch * height * width,
    live: { seed: { key: "seed", scale: 1 }, jitter: { key: "strength", scale: pixels } },
  };
}
