/** ReLU: y = max(x, 0). Backward needs one bit a unit and works in place. */
import { clear_flags } from "../../../shaders/flags.wgsl";
import {
  relu_backward,
  relu_backward_detect,
  relu_backward_guided,
  relu_backward_redirect,
  relu_forward,
} from "../../../shaders/relu.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import { reluBitsBytes } from "../bits.ts";
import { type LayerKind, type Shape, weightless } from "../layer.ts";
import { maxpool, maxpoolForward } from "./maxpool.ts";

export interface ReluLayer {
  readonly kind: "relu";
  /** `relu3_4`, or `relu6` after `fc6`. */
  readonly name: string;
}

export const relu: LayerKind<ReluLayer> = {
  ...weightless,
  kind: "relu",
  reads: "unit",
  outputShape: (_, input) => input,
  inputSpan: (_, span) => span,
  bitsBytes: ({ batch, output }) => reluBitsBytes(batch, output),
  fuses: (_, [next]) => (next?.kind === maxpool.kind ? 1 : 0),
  forward(at, buffers, [pool]) {
    const label = `${at.layer.name} forward`;
    const bound = { ...buffers, bits: at.bits() };
    return [
      pool === undefined
        ? reluForward(label, at.batch, at.output, bound)
        : maxpoolForward(label, at.batch, at.output, { ...bound, winners: pool.bits() }),
    ];
  },
  backward({ layer, batch, output, bits }, { inputGradient: gradient }, { rule, flags }) {
    const label = `${layer.name} backward`;
    const buffers = { mask: bits(), gradient };
    if (rule === "plain") return [reluBackward(label, batch, output, buffers)];
    if (rule === "guided") return [reluBackwardGuided(label, batch, output, buffers)];
    const { buffer: alive, first } = flags();
    return reluBackwardRedirect(label, batch, output, first, { ...buffers, alive });
  },
};

export function reluForward(
  label: string,
  batch: number,
  shape: Shape,
  buffers: { readonly input: BufferRef; readonly output: BufferRef; readonly bits: BufferRef },
): Dispatch {
  return dispatch(relu_forward, { label, buffers, ...words(batch, shape, 0, 2) });
}

/** gradient ← gradient where the unit was on, else 0; in place. */
export function reluBackward(
  label: string,
  batch: number,
  shape: Shape,
  buffers: { readonly mask: BufferRef; readonly gradient: BufferRef },
): Dispatch {
  return dispatch(relu_backward, { label, buffers, ...words(batch, shape, 0, 2) });
}

/** Springenberg et al. 2015: as `reluBackward`, and negative gradients are cut off; in place. */
export function reluBackwardGuided(
  label: string,
  batch: number,
  shape: Shape,
  buffers: { readonly mask: BufferRef; readonly gradient: BufferRef },
): Dispatch {
  return dispatch(relu_backward_guided, { label, buffers, ...words(batch, shape, 0, 2) });
}

/**
 * The backward pass with Lucid's redirect. It finds the images whose masked gradient is zero everywhere. Of these it lets
 * the gradient pass, except where a unit is off and would be pushed further down. `flag` is the first of the layer's N
 * flags in `alive`, which are 0 when the pass begins.
 */
export function reluBackwardRedirect(
  label: string,
  batch: number,
  shape: Shape,
  flag: number,
  buffers: { readonly mask: BufferRef; readonly gradient: BufferRef; readonly alive: BufferRef },
): Dispatch[] {
  return [
    dispatch(relu_backward_detect, { label: `${label} detect`, buffers, ...words(batch, shape, flag, 1) }),
    dispatch(relu_backward_redirect, { label, buffers, ...words(batch, shape, flag, 2) }),
  ];
}

/** Clears `flags` redirect flags. */
export function clearRedirectFlags(flags: number, alive: BufferRef): Dispatch {
  return dispatch(clear_flags, {
    label: "clear redirect flags",
    buffers: { alive },
    uniform: {},
    workgroups: fold(flags),
  });
}

/** @param passes over the activation, reading or writing; the bits are passed over once */
function words(batch: number, shape: Shape, flag: number, passes: number) {
  const { channels, height, width } = shape;
  return {
    bytes: 4 * passes * batch * channels * height * width + reluBitsBytes(batch, shape),
    uniform: { batch, channels, height, width, flag },
    workgroups: fold(reluBitsBytes(batch, shape) / 4),
  };
}
