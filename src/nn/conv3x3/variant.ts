/** What every variant of the convolution offers. A variant is a set of kernels for both passes. */
import { ShaderError } from "../../errors.ts";
import type { BufferRef, Dispatch } from "../../gpu/dispatch.ts";
import type { ConvPass, ConvShape, Correlation } from "./shape.ts";

/** Kernels for both directions of a 3×3 convolution, over NCHW float32 activations. */
export interface ConvVariant {
  /** `f16` multiplies in half precision: results are some 1e-3 off, so it must be asked for. */
  readonly precision: "f32" | "f16";
  /** Device features its kernels enable. */
  readonly features: readonly GPUFeatureName[];
  /** Whether bias and ReLU, its bits, and the mask on the way back are part of the kernels. */
  readonly fusesRelu: boolean;
  /** Whether a forward kernel computes the ReLU and the 2×2 max-pool after it: the pool's input is never written. */
  readonly fusesPool: boolean;
  /** Its layout of the weights; undefined where it reads the checkpoint's (K,C,3,3). */
  readonly packing: ConvPacking | undefined;
  /** Buffers that it needs while a pass runs. All layers share them, so each has the largest size asked for. */
  workspace(pass: Correlation): readonly Workspace[];
  forward(label: string, pass: Correlation, buffers: ConvForwardBuffers): Dispatch[];
  backwardInput(label: string, pass: Correlation, buffers: ConvBackwardBuffers): Dispatch[];
}

/** A buffer that holds zeros at first, as every buffer of WebGPU does. */
export interface Workspace {
  readonly name: string;
  readonly bytes: number;
}

/** The buffers of a workspace by `names`. @throws ShaderError where one is missing */
export function workspaceBuffers<W extends string>(
  workspace: Readonly<Record<string, BufferRef>>,
  names: readonly W[],
): Readonly<Record<W, BufferRef>> {
  const missing = names.find((name) => workspace[name] === undefined);
  if (missing !== undefined) throw new ShaderError(`conv3x3: the workspace has no buffer ${missing}`);
  return Object.fromEntries(names.map((name) => [name, workspace[name]])) as Readonly<Record<W, BufferRef>>;
}

/**
 * Workspace of 4 bytes that kernels in half precision set to 1 where what they read or make is not finite. They never
 * clear it.
 */
export const OVERFLOW = "overflow";

export interface ConvForwardBuffers {
  readonly weights: BufferRef;
  readonly bias: BufferRef;
  readonly input: BufferRef;
  readonly output: BufferRef;
  /** Given, the ReLU is fused and its bits are written here. */
  readonly bits?: BufferRef | undefined;
  /** Given with `bits`, the max-pool after the ReLU is fused: `output` is pooled, and its winners are written here. */
  readonly winners?: BufferRef | undefined;
  readonly workspace: Readonly<Record<string, BufferRef>>;
}

export interface ConvBackwardBuffers {
  readonly weights: BufferRef;
  /** dy */
  readonly input: BufferRef;
  /** dx */
  readonly output: BufferRef;
  /** Given, the backward pass of the ReLU before this convolution is fused. */
  readonly mask?: BufferRef | undefined;
  readonly workspace: Readonly<Record<string, BufferRef>>;
}

/** Weights in the order that a variant reads. The GPU makes them once, at load. */
export interface ConvPacking {
  /** Variants of one packing share the buffer. */
  readonly name: string;
  /** Bytes of packed weights from `inputs` to `outputs` channels of the pass. */
  bytes(inputs: number, outputs: number): number;
  pack(
    label: string,
    pass: ConvPass,
    shape: Pick<ConvShape, "inputChannels" | "outputChannels">,
    buffers: { readonly weights: BufferRef; readonly packed: BufferRef },
  ): Dispatch[];
}
