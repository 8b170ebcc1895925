/**
 * S×S convolution with bias, S odd, stride 1: the sizes that have no tuned kernels. One plain kernel a pass, and nothing is
 * fused. 3×3 is `conv.ts`.
 */
import { conv_backward_input, conv_forward } from "../../../shaders/conv.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import { type LayerKind, nonEmpty, type PlannedLayer, type SizedLayer } from "../layer.ts";
import { biasOf, tensorOf } from "../tensors.ts";

export interface PlainConvLayer {
  readonly kind: "plainconv";
  /** As a 3×3 convolution's: `conv3_4`; its output before ReLU, after batch norm. */
  readonly name: string;
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** S, odd. */
  readonly side: number;
  /** Zeros on every side, fewer than S. */
  readonly padding: number;
}

export const plainconv: LayerKind<PlainConvLayer> = {
  kind: "plainconv",
  weights: "shared",
  reads: "channels",
  outputChannels: ({ outputChannels }) => outputChannels,
  outputShape({ inputChannels, outputChannels, side, padding }, input) {
    if (input.channels !== inputChannels) return `takes ${inputChannels} channels, got ${input.channels}`;
    const grow = 2 * padding - side + 1;
    const shape = { channels: outputChannels, height: input.height + grow, width: input.width + grow };
    return nonEmpty(shape, input);
  },
  inputSpan: ({ side, padding }, [begin, end]) => [begin - padding, end - padding + side - 1],
  parameterCount: ({ inputChannels, outputChannels, side }) =>
    outputChannels * (side * side * inputChannels + 1),
  flops: (at) => plainConvFlops(plainConvShape(at)),
  bitsBytes: () => 0,
  fuses: () => 0,
  fusesBackward: () => false,
  forward: (at, buffers) => [
    plainConvForward(`${at.layer.name} forward`, plainConvShape(at), {
      ...buffers,
      weights: weightsOf(at),
      bias: biasOf(at),
    }),
  ],
  backward: (at, { outputGradient, inputGradient }) => [
    plainConvBackwardInput(`${at.layer.name} backward`, plainConvShape(at), {
      weights: weightsOf(at),
      outputGradient,
      inputGradient,
    }),
  ],
};

/** x (N,C,H,W) → y (N,K,H+2p−S+1,W+2p−S+1). */
export interface PlainConvShape {
  readonly batch: number;
  readonly inputChannels: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly outputChannels: number;
  readonly side: number;
  readonly padding: number;
}

function plainConvShape({ layer, batch, input, output }: SizedLayer<PlainConvLayer>): PlainConvShape {
  return {
    batch,
    inputChannels: input.channels,
    inputHeight: input.height,
    inputWidth: input.width,
    outputChannels: output.channels,
    side: layer.side,
    padding: layer.padding,
  };
}

function weightsOf(at: PlannedLayer<PlainConvLayer>): string {
  const { layer, input, output } = at;
  return tensorOf(at, "weight", layer.side ** 2 * input.channels * output.channels);
}

/** Multiplications and additions of one pass: S² taps for each position of the smaller side. */
export function plainConvFlops(shape: PlainConvShape): number {
  const { batch, inputChannels, outputChannels, side } = shape;
  const { inputHeight, inputWidth, outputHeight, outputWidth } = extentOf(shape);
  const positions = Math.min(inputHeight * inputWidth, outputHeight * outputWidth);
  return 2 * side ** 2 * batch * inputChannels * outputChannels * positions;
}

export function plainConvForward(
  label: string,
  shape: PlainConvShape,
  buffers: {
    readonly weights: BufferRef;
    readonly bias: BufferRef;
    readonly input: BufferRef;
    readonly output: BufferRef;
  },
): Dispatch {
  const uniform = extentOf(shape);
  const { batch, outputChannels, outputHeight, outputWidth } = uniform;
  const workgroups = fold(batch * outputChannels * outputHeight * outputWidth);
  return dispatch(conv_forward, { label, buffers, uniform, workgroups, ...costOf(shape) });
}

export function plainConvBackwardInput(
  label: string,
  shape: PlainConvShape,
  buffers: {
    readonly weights: BufferRef;
    readonly outputGradient: BufferRef;
    readonly inputGradient: BufferRef;
  },
): Dispatch {
  const uniform = extentOf(shape);
  const { batch, inputChannels, inputHeight, inputWidth } = uniform;
  const workgroups = fold(batch * inputChannels * inputHeight * inputWidth);
  return dispatch(conv_backward_input, { label, buffers, uniform, workgroups, ...costOf(shape) });
}

function extentOf({ padding, ...shape }: PlainConvShape) {
  const grow = 2 * padding - shape.side + 1;
  return {
    ...shape,
    outputHeight: shape.inputHeight + grow,
    outputWidth: shape.inputWidth + grow,
    pad: padding,
  };
}

/** Each number counted once. */
function costOf(shape: PlainConvShape) {
  const { batch, inputChannels, outputChannels, side } = shape;
  const { inputHeight, inputWidth, outputHeight, outputWidth } = extentOf(shape);
  const input = inputChannels * inputHeight * inputWidth;
  const output = outputChannels * outputHeight * outputWidth;
  const weights = side ** 2 * inputChannels * outputChannels;
  return { flops: plainConvFlops(shape), bytes: 4 * (batch * (input + output) + weights) };
}
