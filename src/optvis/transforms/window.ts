/** Pad and random crop: each is a window on the image (formula in shaders/window.wgsl). */
import { window_backward, window_forward } from "../../../shaders/window.wgsl";
import { InputError } from "../../errors.ts";
import { dispatch, fold } from "../../gpu/dispatch.ts";
import type { Size } from "../../model/network.ts";
import { coloursOf, ofColours, vectorOf } from "../../nn/preprocess.ts";
import type { Transform, TransformBuffers, TransformContext } from "./transform.ts";

/** A border of `pixels` on every side, grey (RGB 0.5) as Lucid's. */
export function pad(pixels: number): Transform {
  return windowed(`pad:${pixels}`, pixels, 0, ([height, width]) => [height + 2 * pixels, width + 2 * pixels]);
}

/**
 * A window smaller by `pixels`, anywhere in the image, drawn anew for every image and iteration. Lucid and Lucent call
 * this jitter.
 */
export function crop(pixels: number): Transform {
  return windowed(`crop:${pixels}`, 0, pixels, ([height, width]) => {
    if (height > pixels && width > pixels) return [height - pixels, width - pixels];
    throw new InputError(`transform crop:${pixels} leaves no image of ${height}×${width} pixels`, {
      remedy: `crop at most ${Math.min(height, width) - 1} pixels, or pad before it`,
    });
  });
}

function windowed(text: string, border: number, slack: number, outputSize: (size: Size) => Size): Transform {
  const pass = (place: TransformContext, buffers: TransformBuffers) => {
    const { batch, size, seed, op, fill } = place;
    const [outputHeight, outputWidth] = outputSize(size);
    return {
      ...ofColours(coloursOf(fill)),
      buffers,
      output: fill.length * batch * outputHeight * outputWidth,
      input: fill.length * batch * size[0] * size[1],
      uniform: {
        ...{ batch, inputHeight: size[0], inputWidth: size[1], outputHeight, outputWidth, border, slack },
        ...{ spread: Math.round(place.strength * slack), seed, op, fill: vectorOf(fill) },
      },
      live: { seed: { key: "seed", scale: 1 }, spread: { key: "strength", scale: slack } },
    };
  };
  return {
    text,
    outputSize,
    forward(place, buffers) {
      const { output, input: _, ...options } = pass(place, buffers);
      return dispatch(window_forward, { label: `${text} forward`, ...options, workgroups: fold(output) });
    },
    backward(place, buffers) {
      const { input, output: _, ...options } = pass(place, buffers);
      return dispatch(window_backward, { label: `${text} backward`, ...options, workgroups: fold(input) });
    },
  };
}
