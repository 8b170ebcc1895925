/**
 * Tanh and sigmoid. The forward pass leaves the derivative of each unit, and the backward pass multiplies by it, in place.
 * The rules for ReLUs, redirect and guided, change nothing here.
 */
import { sigmoid_forward, smooth_backward, tanh_forward } from "../../../shaders/smooth.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import { elements, type LayerKind, weightless } from "../layer.ts";

export interface TanhLayer {
  readonly kind: "tanh";
  /** `tanh6` after `fc6`, or `tanh3_4` after `conv3_4`. */
  readonly name: string;
}

export interface SigmoidLayer {
  readonly kind: "sigmoid";
  /** `sigmoid6` after `fc6`, or `sigmoid3_4` after `conv3_4`. */
  readonly name: string;
}

export const tanh: LayerKind<TanhLayer> = { ...smooth(tanhForward), kind: "tanh" };
export const sigmoid: LayerKind<SigmoidLayer> = { ...smooth(sigmoidForward), kind: "sigmoid" };

interface ForwardBound {
  readonly input: BufferRef;
  readonly output: BufferRef;
  /** What backward multiplies by, `length` numbers. */
  readonly derivative: BufferRef;
}

function smooth(forward: (label: string, length: number, buffers: ForwardBound) => Dispatch) {
  return {
    ...weightless,
    reads: "unit",
    outputShape: (_, input) => input,
    inputSpan: (_, span) => span,
    bitsBytes: ({ batch, output }) => 4 * batch * elements(output),
    forward: ({ layer, batch, output, bits }, buffers) => [
      forward(`${layer.name} forward`, batch * elements(output), { ...buffers, derivative: bits() }),
    ],
    backward: ({ layer, batch, output, bits }, { inputGradient: gradient }) => [
      smoothBackward(`${layer.name} backward`, batch * elements(output), { factor: bits(), gradient }),
    ],
  } as const satisfies Omit<LayerKind<TanhLayer | SigmoidLayer>, "kind">;
}

export function tanhForward(label: string, length: number, buffers: ForwardBound): Dispatch {
  return dispatch(tanh_forward, { label, buffers, ...extent(length) });
}

export function sigmoidForward(label: string, length: number, buffers: ForwardBound): Dispatch {
  return dispatch(sigmoid_forward, { label, buffers, ...extent(length) });
}

/** gradient ← factor · gradient; in place. */
export function smoothBackward(
  label: string,
  length: number,
  buffers: { readonly factor: BufferRef; readonly gradient: BufferRef },
): Dispatch {
  return dispatch(smooth_backward, { label, buffers, ...extent(length) });
}

/** Either pass reads and writes three numbers a unit. */
function extent(length: number) {
  return { uniform: { length }, workgroups: fold(length), bytes: 12 * length };
}
