/**
 * Transformation robustness: the network sees the image moved at random, anew each iteration. The gradient is moved back
 * by the exact adjoint (Mordvintsev et al. 2015; Olah et al. 2017, "Feature Visualization").
 */

import type { BufferRef, Dispatch } from "../../gpu/dispatch.ts";
import type { Size } from "../../model/network.ts";

/** The images a transform is applied to, and its place in the chain. */
export interface TransformContext {
  readonly batch: number;
  /** Of the input. */
  readonly size: Size;
  /** Of the first image; image n draws by seed + n. */
  readonly seed: number;
  /** Number of the op in the counter of the random numbers, so that no two ops draw the same. */
  readonly op: number;
  /** How much of the transform's amount is used, 0 to 1; steered while running. */
  readonly strength: number;
  /** The colour outside the image: grey, 0.5 less the mean of each colour, as the resident image has it. */
  readonly fill: readonly number[];
}

export interface TransformBuffers {
  readonly state: BufferRef;
  readonly input: BufferRef;
  readonly output: BufferRef;
}

export interface Transform {
  /** As people write it: `jitter:8`. */
  readonly text: string;
  outputSize(size: Size): Size;
  forward(place: TransformContext, buffers: TransformBuffers): Dispatch;
  /** From the gradient of the output, `input`, to that of the input, `output`. */
  backward(place: TransformContext, buffers: TransformBuffers): Dispatch;
}
