/**
 * What every kind of layer answers. Each kind is one module in `layers/`, and `registry.ts` lists them. Plans, shapes and
 * reports ask the module. They know no kind by its name.
 */
import type { Dispatch } from "../gpu/dispatch.ts";
import type { ChooseVariant } from "./conv3x3.ts";

/** What layers of all kinds have. Each kind adds fields of its own. */
export interface AnyLayer {
  readonly kind: string;
  /** `conv3_4`, `relu3_4`, `pool3`, `fc6`, `logits`. */
  readonly name: string;
}

/** Channels, height and width of one activation. */
export interface Shape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Positions along one axis, from `begin` up to but not including `end`. */
export type Span = readonly [begin: number, end: number];

/** What a ReLU does to the gradient: its derivative, Lucid's redirect, or guided backpropagation. */
export type ReluRule = "plain" | "redirect" | "guided";

/** A layer at one size. */
export interface SizedLayer<L extends AnyLayer = AnyLayer> {
  readonly layer: L;
  readonly batch: number;
  readonly input: Shape;
  /** With the channels that are computed. */
  readonly output: Shape;
}

/** A checkpoint tensor, or some rows of one, that is copied to a buffer. */
export interface Upload {
  readonly buffer: string;
  readonly layer: string;
  readonly tensor: "weight" | "bias";
  /** Output channels or units in the order wanted; all of them if absent. */
  readonly rows?: readonly number[] | undefined;
}

/** Where a layer asks for what it needs. A name asked for again is the same buffer, of the largest size. */
export interface LayerMemory {
  /** @returns the name */
  buffer(name: string, role: "weights" | "bits" | "workspace" | "overflow", bytes: number): string;
  /** Asks for weights that only their packing reads. */
  temporary(name: string, bytes: number): void;
  upload(upload: Upload): void;
  /** Fills `buffer` by `dispatches`, once, before anything reads it. */
  prepare(buffer: string, dispatches: readonly Dispatch[]): void;
}

/** A layer in a plan, with all that its passes may ask for. */
export interface PlannedLayer<L extends AnyLayer = AnyLayer> extends SizedLayer<L> {
  /** The output channels or units that are computed; all of them if undefined. */
  readonly rows: readonly number[] | undefined;
  readonly memory: LayerMemory;
  readonly convVariant: ChooseVariant;
  /** The device's largest storage binding, in bytes. */
  readonly bindingLimit: number;
  /** Asks for the buffer of the bits that the layer leaves for its backward pass; see `bitsBytes`. */
  bits(): string;
}

/** Names of the buffers of a forward pass. */
export interface ForwardBuffers {
  readonly input: string;
  readonly output: string;
}

/** Names of the buffers of a backward pass. */
export interface BackwardBuffers {
  readonly outputGradient: string;
  /** The same buffer as `outputGradient` for kinds that read single units: they work in place. */
  readonly inputGradient: string;
  /** Bits of the layer before, where `fusesBackward` promised its backward pass too. */
  readonly mask: string | undefined;
}

export interface BackwardOptions {
  readonly rule: ReluRule;
  /** Asks for one flag an image, which is 0 when the backward pass begins: a buffer, and the first flag's index. */
  flags(): { readonly buffer: string; readonly first: number };
}

/** One kind of layer. */
export interface LayerKind<L extends AnyLayer> {
  readonly kind: L["kind"];
  /** `shared` by all positions, as a convolution's, or `dense`, one for each pair of units, which then have no position. */
  readonly weights: "none" | "shared" | "dense";
  /** What a unit reads of the layer's input: the unit at its own place, some of its own channel, or all channels. */
  readonly reads: "unit" | "channel" | "channels";
  outputChannels(layer: L, inputChannels: number): number;
  /** @returns in words what is wrong where the layer does not take this input */
  outputShape(layer: L, input: Shape): Shape | string;
  /**
   * The input's positions that the output's positions depend on, along either axis, as if the input had no end. All of
   * them if undefined.
   */
  inputSpan(layer: L, span: Span): Span | undefined;
  /** Weights and biases, after batch norm is folded in. */
  parameterCount(layer: L): number;
  /** Multiplications and additions of one pass; 0 where they are not worth counting. */
  flops(at: SizedLayer<L>): number;
  /** Bytes of the bits that the forward pass leaves for the backward pass; 0 for none. */
  bitsBytes(at: SizedLayer<L>): number;
  /**
   * How many of the layers after it the forward kernel computes as well. It writes the last one's activation alone.
   * @param next the layers after it that may be fused
   */
  fuses(at: PlannedLayer<L>, next: readonly AnyLayer[]): number;
  /** Whether the backward kernel computes the backward pass of the layer before as well, by its bits. */
  fusesBackward(at: PlannedLayer<L>, before: AnyLayer, rule: ReluRule): boolean;
  /** @param fused as many of the layers after it as `fuses` said */
  forward(at: PlannedLayer<L>, buffers: ForwardBuffers, fused: readonly PlannedLayer[]): Dispatch[];
  /** From the gradient of the output to the gradient of the input. There are no weight gradients. */
  backward(at: PlannedLayer<L>, buffers: BackwardBuffers, options: BackwardOptions): Dispatch[];
}

/** The answers of a kind that has no weights, keeps its channels and fuses nothing. */
export const weightless = {
  weights: "none",
  outputChannels: (_: AnyLayer, inputChannels: number) => inputChannels,
  parameterCount: () => 0,
  flops: () => 0,
  fuses: () => 0,
  fusesBackward: () => false,
} as const satisfies Partial<LayerKind<AnyLayer>>;

/** Units of an activation. */
export function elements({ channels, height, width }: Shape): number {
  return channels * height * width;
}

/** A shape, or in words why there is none: `input` is too small. */
export function nonEmpty(shape: Shape, input: Shape): Shape | string {
  return shape.height > 0 && shape.width > 0 ? shape : `has nothing left of ${sides(input)}`;
}

/** `3×224×224`, as in messages. */
export function sides({ channels, height, width }: Shape): string {
  return `${channels}×${height}×${width}`;
}
