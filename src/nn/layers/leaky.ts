/**
 * Leaky ReLU: y = x where x > 0, else slope·x (Maas et al. 2013). Backward needs one bit a unit, as ReLU's, and works in
 * place.
 *
 * Redirect changes nothing here: it is for gradients that vanish as a whole, and the slope lets every gradient pass.
 * Guided backpropagation cuts off what is negative behind the layer, as it does behind a ReLU.
 */
import { leaky_backward, leaky_backward_guided, leaky_forward } from "../../../shaders/leaky.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import { reluBitsBytes } from "../bits.ts";
import { type LayerKind, type Shape, weightless } from "../layer.ts";

export interface LeakyLayer {
  readonly kind: "leaky";
  /** As a ReLU's: `relu3_4`, or `relu6` after `fc6`. */
  readonly name: string;
  /** What is left of a negative number; not 0, which is a ReLU. */
  readonly slope: number;
}

export const leaky: LayerKind<LeakyLayer> = {
  ...weightless,
  kind: "leaky",
  reads: "unit",
  outputShape: (_, input) => input,
  inputSpan: (_, span) => span,
  bitsBytes: ({ batch, output }) => reluBitsBytes(batch, output),
  forward: ({ layer, batch, output, bits }, buffers) => [
    leakyForward(`${layer.name} forward`, batch, output, layer.slope, { ...buffers, bits: bits() }),
  ],
  backward({ layer, batch, output, bits }, { inputGradient: gradient }, { rule }) {
    const backward = rule === "guided" ? leakyBackwardGuided : leakyBackward;
    return [backward(`${layer.name} backward`, batch, output, layer.slope, { mask: bits(), gradient })];
  },
};

export function leakyForward(
  label: string,
  batch: number,
  shape: Shape,
  slope: number,
  buffers: { readonly input: BufferRef; readonly output: BufferRef; readonly bits: BufferRef },
): Dispatch {
  return dispatch(leaky_forward, { label, buffers, ...words(batch, shape, slope) });
}

/** gradient ← gradient where the unit was on, else slope·gradient; in place. */
export function leakyBackward(
  label: string,
  batch: number,
  shape: Shape,
  slope: number,
  buffers: { readonly mask: BufferRef; readonly gradient: BufferRef },
): Dispatch {
  return dispatch(leaky_backward, { label, buffers, ...words(batch, shape, slope) });
}

/** As `leakyBackward`, and what is then negative is cut off; in place. */
export function leakyBackwardGuided(
  label: string,
  batch: number,
  shape: Shape,
  slope: number,
  buffers: { readonly mask: BufferRef; readonly gradient: BufferRef },
): Dispatch {
  return dispatch(leaky_backward_guided, { label, buffers, ...words(batch, shape, slope) });
}

function words(batch: number, shape: Shape, slope: number) {
  const { channels, height, width } = shape;
  const bitsBytes = reluBitsBytes(batch, shape);
  return {
    bytes: 8 * batch * channels * height * width + bitsBytes,
    uniform: { batch, channels, height, width, slope },
    workgroups: fold(bitsBytes / 4),
  };
}
