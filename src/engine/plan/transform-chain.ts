/** The transforms of a plan in a row: from the resident image to what is preprocessed, and back. */
import type { Dispatch } from "../../gpu/dispatch.ts";
import type { Size } from "../../model/network.ts";
import type { Transform } from "../../optvis/transforms/transform.ts";
import type { Allocation } from "./memory.ts";

/** Colour outside the image, of every channel. */
const GREY = 0.5;

export interface TransformChain {
  /** Of the images that leave it. */
  readonly size: Size;
  /** Buffer that holds them, and the one in which their gradient is expected. */
  readonly output: string;
  readonly gradient: string;
  readonly forward: readonly Dispatch[];
  readonly backward: readonly Dispatch[];
}

export interface TransformChainEnds {
  readonly batch: number;
  readonly size: Size;
  readonly seed: number;
  readonly strength: number;
  /** Mean colour, 0–1, that the resident image is counted from. */
  readonly mean: readonly number[];
  readonly state: string;
  readonly image: string;
  readonly gradient: string;
}

/** Size of images after all transforms. */
export function transformedSize(transforms: readonly Transform[], size: Size): Size {
  return transforms.reduce((current, transform) => transform.outputSize(current), size);
}

/** The ops are linear but for a constant, so the way back reads nothing of the way there: two buffers do. */
export function planTransforms(
  transforms: readonly Transform[],
  ends: TransformChainEnds,
  memory: Allocation,
): TransformChain {
  const { batch, seed, strength, state } = ends;
  const fill = ends.mean.map((mean) => GREY - mean);
  const forward: Dispatch[] = [];
  const backward: Dispatch[] = [];
  let { size, image: input, gradient: inputGradient } = ends;
  for (const [i, transform] of transforms.entries()) {
    // Op 0 of the random numbers is the background's (`params/background.ts`).
    const place = { batch, size, seed, op: i + 1, strength, fill };
    size = transform.outputSize(size);
    const output = scratch(memory, i, 4 * fill.length * batch * size[0] * size[1]);
    forward.push(transform.forward(place, { state, input, output }));
    backward.unshift(transform.backward(place, { state, input: output, output: inputGradient }));
    input = output;
    inputGradient = output;
  }
  return { size, output: input, gradient: inputGradient, forward, backward };
}

/** One of two image-sized buffers in which nothing lasts. */
export function scratch(memory: Allocation, i: number, bytes: number): string {
  return memory.buffer(`image.scratch.${i % 2 === 0 ? "a" : "b"}`, "image", bytes);
}
