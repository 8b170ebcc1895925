/**
 * 3×3 convolution, stride 1, zero padding 0 or 1. The backward pass to the input is the same convolution
 * of dy with flipped, transposed weights and padding 2 − p, so one family of kernels serves both ways.
 *
 * Variants: `plain` reads weights as they are in the checkpoint, one invocation an output; `register` reads
 * packed weights and fuses bias, ReLU, its bits and the mask into the tile (shaders/conv3x3_register.wgsl).
 */
import { conv3x3_backward_input, conv3x3_forward } from "../../shaders/conv3x3.wgsl";
import { conv3x3_pack_backward_input, conv3x3_pack_forward } from "../../shaders/conv3x3_pack.wgsl";
import {
  conv3x3_backward_input_register,
  conv3x3_backward_input_relu_register,
  conv3x3_forward_register,
  conv3x3_forward_relu_register,
} from "../../shaders/conv3x3_register.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../gpu/dispatch.ts";

export type ConvVariant = "plain" | "register";
export const convVariants: readonly ConvVariant[] = ["plain", "register"];

/** One convolution at one size: x (N,C,H,W) → y (N,K,H+2p−2,W+2p−2). */
export interface ConvShape {
  readonly batch: number;
  readonly inputChannels: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly outputChannels: number;
  readonly padding: 0 | 1;
}

export interface ConvForwardBuffers {
  readonly weights: BufferRef;
  readonly bias: BufferRef;
  readonly input: BufferRef;
  readonly output: BufferRef;
  /** Given, the ReLU is fused and its bits are written here (`register` only). */
  readonly bits?: BufferRef | undefined;
}

export interface ConvBackwardBuffers {
  readonly weights: BufferRef;
  readonly outputGradient: BufferRef;
  readonly inputGradient: BufferRef;
  /** Given, the backward pass of the ReLU before this convolution is fused (`register` only). */
  readonly mask?: BufferRef | undefined;
}

/** Multiplications and additions of one pass. */
export function convFlops(shape: ConvShape): number {
  const [height, width] = convOutputSize(shape);
  return 2 * 9 * shape.batch * shape.inputChannels * shape.outputChannels * height * width;
}

export function convOutputSize(shape: ConvShape): [height: number, width: number] {
  const grow = 2 * shape.padding - 2;
  return [shape.inputHeight + grow, shape.inputWidth + grow];
}

/** Bytes of packed weights from `inputs` to `outputs` channels, `outputs` padded to a multiple of 8. */
export function packedConvBytes(inputs: number, outputs: number): number {
  return 4 * 9 * inputs * 8 * Math.ceil(outputs / 8);
}

export type ConvPass = "forward" | "backward_input";

/** Packs checkpoint weights (K,C,3,3) for the tiled variants, once at load. */
export function packConv(
  label: string,
  pass: ConvPass,
  shape: Pick<ConvShape, "inputChannels" | "outputChannels">,
  buffers: { readonly weights: BufferRef; readonly packed: BufferRef },
): Dispatch {
  const { inputChannels, outputChannels } = shape;
  const forward = pass === "forward";
  const elements = forward
    ? packedConvBytes(inputChannels, outputChannels) / 4
    : packedConvBytes(outputChannels, inputChannels) / 4;
  return dispatch(forward ? conv3x3_pack_forward : conv3x3_pack_backward_input, {
    label,
    buffers,
    uniform: { outputChannels, inputChannels },
    workgroups: fold(elements),
  });
}

export function convForward(
  label: string,
  variant: ConvVariant,
  shape: ConvShape,
  { weights, bias, input, output, bits }: ConvForwardBuffers,
): Dispatch {
  const flops = convFlops(shape);
  if (variant === "plain") {
    if (bits !== undefined) throw new Error("conv3x3_forward does not fuse the ReLU");
    const [height, width] = convOutputSize(shape);
    return dispatch(conv3x3_forward, {
      label,
      buffers: { weights, bias, input, output },
      uniform: plainShape(shape),
      workgroups: fold(shape.batch * shape.outputChannels * height * width),
      flops,
    });
  }
  const tiles = forwardTiles(shape);
  const buffers = { weights, bias, input, output };
  return bits === undefined
    ? dispatch(conv3x3_forward_register, { label, buffers, flops, ...tiles })
    : dispatch(conv3x3_forward_relu_register, { label, buffers: { ...buffers, bits }, flops, ...tiles });
}

export function convBackwardInput(
  label: string,
  variant: ConvVariant,
  shape: ConvShape,
  { weights, outputGradient, inputGradient, mask }: ConvBackwardBuffers,
): Dispatch {
  const flops = convFlops(shape);
  if (variant === "plain") {
    if (mask !== undefined) throw new Error("conv3x3_backward_input does not fuse the ReLU");
    return dispatch(conv3x3_backward_input, {
      label,
      buffers: { weights, outputGradient, inputGradient },
      uniform: plainShape(shape),
      workgroups: fold(shape.batch * shape.inputChannels * shape.inputHeight * shape.inputWidth),
      flops,
    });
  }
  const tiles = backwardTiles(shape);
  const buffers = { weights, input: outputGradient, output: inputGradient };
  return mask === undefined
    ? dispatch(conv3x3_backward_input_register, { label, buffers, flops, ...tiles })
    : dispatch(conv3x3_backward_input_relu_register, {
        label,
        buffers: { ...buffers, mask },
        flops,
        ...tiles,
      });
}

function plainShape(shape: ConvShape) {
  const [outputHeight, outputWidth] = convOutputSize(shape);
  return {
    batch: shape.batch,
    inputChannels: shape.inputChannels,
    inputHeight: shape.inputHeight,
    inputWidth: shape.inputWidth,
    outputChannels: shape.outputChannels,
    outputHeight,
    outputWidth,
    pad: shape.padding,
  };
}

function forwardTiles(shape: ConvShape) {
  const { batch, ...uniform } = plainShape(shape);
  return { uniform, ...registerGrid(batch, uniform) };
}

function backwardTiles(shape: ConvShape) {
  const forward = plainShape(shape);
  const uniform = {
    inputChannels: forward.outputChannels,
    inputHeight: forward.outputHeight,
    inputWidth: forward.outputWidth,
    outputChannels: forward.inputChannels,
    outputHeight: forward.inputHeight,
    outputWidth: forward.inputWidth,
    pad: 2 - shape.padding,
  };
  return { uniform, ...registerGrid(forward.batch, uniform) };
}

/** Row tiles of 8 pixels along x, groups of 8 channels of each image along y. */
function registerGrid(
  batch: number,
  output: { readonly outputChannels: number; readonly outputHeight: number; readonly outputWidth: number },
) {
  const tiles = output.outputHeight * Math.ceil(output.outputWidth / 8);
  const WORKGROUP = tiles >= 32 ? 32 : 8;
  const groups = batch * Math.ceil(output.outputChannels / 8);
  const workgroups = [Math.ceil(tiles / WORKGROUP), groups, 1] as const;
  return { overrides: { WORKGROUP }, workgroups };
}
