/** 2×2 max-pool, stride 2: odd sizes floor, the first maximum wins ties. Backward needs two bits a pixel. */
import { maxpool_backward, maxpool_forward } from "../../shaders/maxpool.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../gpu/dispatch.ts";
import type { Shape } from "../model/network.ts";

/** Bytes of the winners' bits for an input of this shape: words of 2 channels × 8 pooled pixels. */
export function poolBitsBytes(batch: number, { channels, height, width }: Shape): number {
  const columns = Math.ceil(Math.floor(width / 2) / 8);
  return 4 * batch * Math.ceil(channels / 2) * Math.floor(height / 2) * columns;
}

/** @param input shape of x, (C,H,W); y is (C,⌊H/2⌋,⌊W/2⌋). */
export function maxpoolForward(
  label: string,
  batch: number,
  input: Shape,
  buffers: { readonly input: BufferRef; readonly output: BufferRef; readonly winners: BufferRef },
): Dispatch {
  return dispatch(maxpool_forward, {
    label,
    buffers,
    uniform: { batch, ...dimensions(input) },
    workgroups: fold(poolBitsBytes(batch, input) / 4),
    bytes: traffic(batch, input),
  });
}

/** @param input shape of x, the layer's input in the forward pass. */
export function maxpoolBackward(
  label: string,
  batch: number,
  input: Shape,
  buffers: {
    readonly chosen: BufferRef;
    readonly outputGradient: BufferRef;
    readonly inputGradient: BufferRef;
  },
): Dispatch {
  return dispatch(maxpool_backward, {
    label,
    buffers,
    uniform: { batch, ...dimensions(input) },
    workgroups: fold(batch * input.channels * input.height * input.width),
    bytes: traffic(batch, input),
  });
}

/** Either pass: the large map, the pooled one, and the bits. */
function traffic(batch: number, input: Shape): number {
  const { channels, height, width } = input;
  const pooled = Math.floor(height / 2) * Math.floor(width / 2);
  return 4 * batch * channels * (height * width + pooled) + poolBitsBytes(batch, input);
}

function dimensions({ channels, height, width }: Shape) {
  return { channels, height, width };
}
