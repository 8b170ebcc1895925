/**
 * 2×2 max-pool, stride 2: odd sizes floor, the first maximum wins ties. Backward needs two bits a pixel. Both passes
 * compute the ReLU before the pool as well, where they are given its bits.
 */
import {
  maxpool_backward,
  maxpool_backward_relu,
  maxpool_backward_relu_guided,
  maxpool_forward,
  maxpool_forward_relu,
} from "../../shaders/maxpool.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../gpu/dispatch.ts";
import type { Shape } from "../model/network.ts";
import { reluBitsBytes } from "./relu.ts";

/** Bytes of the winners' bits for an input of this shape: words of 4 channels × 4 pooled pixels. */
export function poolBitsBytes(batch: number, { channels, height, width }: Shape): number {
  const columns = Math.ceil(Math.floor(width / 2) / 4);
  return 4 * batch * Math.ceil(channels / 4) * Math.floor(height / 2) * columns;
}

/**
 * @param input shape of x, (C,H,W); y is (C,⌊H/2⌋,⌊W/2⌋)
 * @param buffers with `bits`, x is before the ReLU, whose bits are written there but for those outside of any window
 */
export function maxpoolForward(
  label: string,
  batch: number,
  input: Shape,
  buffers: {
    readonly input: BufferRef;
    readonly output: BufferRef;
    readonly winners: BufferRef;
    readonly bits?: BufferRef | undefined;
  },
): Dispatch {
  const { bits, ...bound } = buffers;
  const options = { label, ...extent(batch, input, bits !== undefined) };
  return bits === undefined
    ? dispatch(maxpool_forward, { ...options, buffers: bound })
    : dispatch(maxpool_forward_relu, { ...options, buffers: { ...bound, bits } });
}

/**
 * @param input shape of x, the layer's input in the forward pass
 * @param buffers with `mask`, the bits of the ReLU before the pool, dx is the gradient before that ReLU
 * @param rule what the ReLU does to the gradient
 */
export function maxpoolBackward(
  label: string,
  batch: number,
  input: Shape,
  buffers: {
    readonly chosen: BufferRef;
    readonly outputGradient: BufferRef;
    readonly inputGradient: BufferRef;
    readonly mask?: BufferRef | undefined;
  },
  rule: "plain" | "guided" = "plain",
): Dispatch {
  const { mask, ...bound } = buffers;
  const options = { label, ...extent(batch, input, mask !== undefined) };
  if (mask === undefined) return dispatch(maxpool_backward, { ...options, buffers: bound });
  const kernel = rule === "plain" ? maxpool_backward_relu : maxpool_backward_relu_guided;
  return dispatch(kernel, { ...options, buffers: { ...bound, mask } });
}

/** Either pass: an invocation a word of 8 pixels of two rows; the large map, the pooled one, and the bits. */
function extent(batch: number, input: Shape, relu: boolean) {
  const { channels, height, width } = input;
  const pooled = Math.floor(height / 2) * Math.floor(width / 2);
  const words = Math.ceil(channels / 4) * Math.ceil(height / 2) * Math.ceil(width / 8);
  const bitsBytes = poolBitsBytes(batch, input) + (relu ? reluBitsBytes(batch, input) : 0);
  return {
    uniform: { batch, channels, height, width },
    workgroups: fold(batch * words),
    bytes: 4 * batch * channels * (height * width + pooled) + bitsBytes,
  };
}
