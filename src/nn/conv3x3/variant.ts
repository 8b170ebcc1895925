/** What a family of convolution kernels offers, whichever way it computes. */
import type { BufferRef, Dispatch } from "../../gpu/dispatch.ts";
import type { ConvPass, ConvShape, Correlation } from "./shape.ts";

/** Kernels for both directions of a 3×3 convolution, over NCHW float32 activations. */
export interface ConvVariant {
  /** `f16`: products are formed in half precision, so results are some 1e-3 off; to be asked for by name. */
  readonly precision: "f32" | "f16";
  /** Device features its kernels enable. */
  readonly features: readonly GPUFeatureName[];
  /** Whether bias and ReLU, its bits, and the mask on the way back are part of the kernels. */
  readonly fusesRelu: boolean;
  /**
   * Whether a forward kernel computes the ReLU and the 2×2 max-pool after it, so that the pool's input is never
   * written. Plans take it where it is `planned`; what is `offered` was measured slower
   * than a pool apart on a CPU, and waits, tested, for a GPU to be measured on.
   */
  readonly fusedPool: "planned" | "offered" | "none";
  /** Its layout of the weights; absent where it reads the checkpoint's (K,C,3,3). */
  readonly packing: ConvPacking | undefined;
  /** Whether it can run this pass; every device limit that matters is WebGPU's default. */
  suits(pass: Correlation): boolean;
  /** Buffers it needs while a pass runs, by names of its own; layers share them, each of the largest size. */
  workspace(pass: Correlation): readonly Workspace[];
  forward(label: string, pass: Correlation, buffers: ConvForwardBuffers): Dispatch[];
  backwardInput(label: string, pass: Correlation, buffers: ConvBackwardBuffers): Dispatch[];
}

export interface Workspace {
  readonly name: string;
  readonly bytes: number;
  /** Zeros at first, which is what WebGPU's buffers begin as; others may hold anything. */
  readonly zeros?: boolean;
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

/** Weights as a family reads them, made on the GPU once at load. */
export interface ConvPacking {
  /** Families of one packing share the buffer. */
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
