/** From the resident image u = RGB − mean, (N,3,H,W), to the network's input, and its gradient back. */
import { preprocess_backward, preprocess_forward } from "../../shaders/preprocess.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../gpu/dispatch.ts";

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

/** A part of an image, in pixels. */
export interface Window {
  readonly y: number;
  readonly x: number;
  readonly height: number;
  readonly width: number;
}

export interface PreprocessShape {
  readonly batch: number;
  /** Of the image. */
  readonly size: readonly [height: number, width: number];
  /** The part of it that is the network's input. */
  readonly window: Window;
}

export function preprocessForward(
  shape: PreprocessShape,
  preprocessing: Preprocessing,
  buffers: { readonly input: BufferRef; readonly output: BufferRef },
): Dispatch {
  const { height, width } = shape.window;
  return dispatch(preprocess_forward, {
    label: "preprocess forward",
    buffers,
    uniform: uniformOf(shape, preprocessing),
    ...each(shape.batch, height * width),
  });
}

/** Pixels outside the window get a gradient of 0. */
export function preprocessBackward(
  shape: PreprocessShape,
  preprocessing: Preprocessing,
  buffers: { readonly outputGradient: BufferRef; readonly inputGradient: BufferRef },
): Dispatch {
  const [height, width] = shape.size;
  return dispatch(preprocess_backward, {
    label: "preprocess backward",
    buffers,
    uniform: uniformOf(shape, preprocessing),
    ...each(shape.batch, height * width),
  });
}

function uniformOf({ batch, size, window }: PreprocessShape, { order, scale }: Preprocessing) {
  const { y, x, height, width } = window;
  return { batch, size, window: [y, x, height, width], order: [...order, 0], scale: [...scale, 0] };
}

function each(batch: number, area: number) {
  return { workgroups: fold(3 * batch * area), bytes: 2 * 4 * 3 * batch * area };
}
