/**
 * A scale and a shift for each channel: batch norm that no convolution before it takes in, as after a ReLU. Its weight and
 * bias have one number a channel. Backward works in place.
 */
import { affine_backward, affine_forward } from "../../../shaders/affine.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import { elements, type LayerKind, type PlannedLayer, type Shape } from "../layer.ts";
import { biasOf, tensorOf } from "../tensors.ts";

export interface AffineLayer {
  readonly kind: "affine";
  /** `norm3_4` after `relu3_4`, `norm6` after `relu6`. */
  readonly name: string;
  readonly channels: number;
}

export const affine: LayerKind<AffineLayer> = {
  kind: "affine",
  weights: "shared",
  reads: "unit",
  outputChannels: ({ channels }) => channels,
  outputShape: ({ channels }, input) =>
    input.channels === channels ? input : `takes ${channels} channels, got ${input.channels}`,
  inputSpan: (_, span) => span,
  parameterCount: ({ channels }) => 2 * channels,
  flops: () => 0,
  bitsBytes: () => 0,
  fuses: () => 0,
  fusesBackward: () => false,
  forward: (at, buffers) => [
    affineForward(`${at.layer.name} forward`, at.batch, at.output, {
      ...buffers,
      weights: scalesOf(at),
      bias: biasOf(at),
    }),
  ],
  backward: (at, { inputGradient: gradient }) => [
    affineBackward(`${at.layer.name} backward`, at.batch, at.output, { weights: scalesOf(at), gradient }),
  ],
};

function scalesOf(at: PlannedLayer<AffineLayer>): string {
  return tensorOf(at, "weight", at.output.channels);
}

export function affineForward(
  label: string,
  batch: number,
  shape: Shape,
  buffers: {
    readonly weights: BufferRef;
    readonly bias: BufferRef;
    readonly input: BufferRef;
    readonly output: BufferRef;
  },
): Dispatch {
  return dispatch(affine_forward, { label, buffers, ...extent(batch, shape) });
}

/** gradient ← scale · gradient; in place. */
export function affineBackward(
  label: string,
  batch: number,
  shape: Shape,
  buffers: { readonly weights: BufferRef; readonly gradient: BufferRef },
): Dispatch {
  return dispatch(affine_backward, { label, buffers, ...extent(batch, shape) });
}

function extent(batch: number, shape: Shape) {
  const length = batch * elements(shape);
  const { channels, height, width } = shape;
  return {
    uniform: { length, channels, area: height * width },
    workgroups: fold(length),
    bytes: 8 * length + 8 * channels,
  };
}
