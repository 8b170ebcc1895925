/** From the resident image u = colours − mean, (N,C,H,W), to the network's input, and its gradient back. */
import { preprocess_backward, preprocess_forward } from "../../shaders/preprocess.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../gpu/dispatch.ts";

/** Channels of an image, and of the network that it is for: red, green and blue, or grey alone. */
export type Colours = 1 | 3;

/**
 * With the resident image u = colours − mean, the network's input is `input[c] = scale[c] · u[order[c]]`.
 * So u = 0 is an input of exact zeros: the mean colour, or black for `unit`.
 */
export interface Preprocessing {
  /** Of each colour of the image, in 0–1 units: three, or of grey one. */
  readonly mean: readonly number[];
  /** One per network channel: network units per unit of 0–1. */
  readonly scale: readonly number[];
  /** Network channel to the image's; [2,1,0] is a network that takes BGR. */
  readonly order: readonly number[];
}

/** @param mean a number a colour */
export function coloursOf(mean: readonly number[]): Colours {
  return mean.length === 1 ? 1 : 3;
}

/** What a dispatch says to kernels that read images (shaders/lib/colours.wgsl). */
export function ofColours(colours: Colours) {
  return { overrides: { COLOURS: colours } } as const;
}

/** A number a colour as a vector of a uniform. */
export function vectorOf(numbers: readonly number[]): number[] {
  return [...numbers, 0, 0, 0].slice(0, 4);
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
    ...each(preprocessing, shape.batch * height * width),
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
    ...each(preprocessing, shape.batch * height * width),
  });
}

function uniformOf({ batch, size, window }: PreprocessShape, { order, scale }: Preprocessing) {
  const { y, x, height, width } = window;
  return { batch, size, window: [y, x, height, width], order: vectorOf(order), scale: vectorOf(scale) };
}

function each({ mean }: Preprocessing, pixels: number) {
  const colours = coloursOf(mean);
  return { ...ofColours(colours), workgroups: fold(colours * pixels), bytes: 2 * 4 * colours * pixels };
}
