/**
 * 3×3 convolution with bias, stride 1. Its kernels are the variants of `conv3x3.ts`; this module asks for the variant
 * that was chosen, and for its weights in the order that the variant reads.
 */

import {
  type ConvPass,
  type ConvShape,
  type ConvVariant,
  type Correlation,
  convFlops,
  correlation,
  OVERFLOW,
  variantOf,
} from "../conv3x3.ts";
import { type AnyLayer, type LayerKind, nonEmpty, type PlannedLayer, type SizedLayer } from "../layer.ts";
import { biasOf } from "../tensors.ts";
import { maxpool } from "./maxpool.ts";
import { relu } from "./relu.ts";

/** Names of batch-norm tensors are kept by the reader of checkpoints, not here. */
export interface ConvLayer {
  readonly kind: "conv";
  /** `conv3_4`: fourth convolution of the third block; its output before ReLU, after batch norm. */
  readonly name: string;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly padding: 0 | 1;
}

export const conv: LayerKind<ConvLayer> = {
  kind: "conv",
  weights: "shared",
  reads: "channels",
  outputChannels: ({ outputChannels }) => outputChannels,
  outputShape({ outputChannels, padding }, input) {
    const grow = 2 * padding - 2;
    const shape = { channels: outputChannels, height: input.height + grow, width: input.width + grow };
    return nonEmpty(shape, input);
  },
  inputSpan: ({ padding }, [begin, end]) => [begin - padding, end - padding + 2],
  parameterCount: ({ inputChannels, outputChannels }) => outputChannels * (9 * inputChannels + 1),
  flops: (at) => convFlops(convShape(at)),
  bitsBytes: () => 0,
  fuses(at, [first, second]) {
    if (first?.kind !== relu.kind) return 0;
    const { variant } = variantFor(at, "forward");
    if (variant.fusesPool && second?.kind === maxpool.kind) return 2;
    return variant.fusesRelu ? 1 : 0;
  },
  fusesBackward: (at, before, rule) =>
    before.kind === relu.kind && rule === "plain" && variantFor(at, "backward_input").variant.fusesRelu,
  forward(at, { input, output }, [activation, pool]) {
    const { variant, pass } = variantFor(at, "forward");
    const weights = packedWeights(at, "forward", variant);
    const workspace = workspaceOf(at, variant, pass);
    const buffers = { weights, bias: biasOf(at), input, output, workspace };
    const label = `${(activation ?? at).layer.name} forward`;
    return variant.forward(label, pass, { ...buffers, bits: activation?.bits(), winners: pool?.bits() });
  },
  backward(at, { outputGradient, inputGradient, mask }) {
    const { variant, pass } = variantFor(at, "backward_input");
    const weights = packedWeights(at, "backward_input", variant);
    const workspace = workspaceOf(at, variant, pass);
    const buffers = { weights, input: outputGradient, output: inputGradient, mask, workspace };
    return variant.backwardInput(`${at.layer.name} backward`, pass, buffers);
  },
};

export function isConv(layer: AnyLayer): layer is ConvLayer {
  return layer.kind === conv.kind;
}

export function convShape({ layer, batch, input, output }: SizedLayer<ConvLayer>): ConvShape {
  return {
    batch,
    inputChannels: input.channels,
    inputHeight: input.height,
    inputWidth: input.width,
    outputChannels: output.channels,
    padding: layer.padding,
  };
}

/** The variant that runs a pass. */
function variantFor(at: PlannedLayer<ConvLayer>, direction: ConvPass) {
  const pass = correlation(convShape(at), direction);
  return { pass, variant: variantOf(at.convVariant(at.layer.name, direction, pass)) };
}

/** Asks for the weights as the variant reads them in this pass. */
function packedWeights(
  { layer, input, output, rows, memory }: PlannedLayer<ConvLayer>,
  pass: ConvPass,
  { packing }: ConvVariant,
): string {
  const raw = `${layer.name}.weight`;
  const rawBytes = 4 * 9 * input.channels * output.channels;
  memory.upload({ buffer: raw, layer: layer.name, tensor: "weight", rows });
  if (!packing) return memory.buffer(raw, "weights", rawBytes);
  memory.temporary(raw, rawBytes);
  const shape = { inputChannels: input.channels, outputChannels: output.channels };
  const [from, to] =
    pass === "forward" ? [input.channels, output.channels] : [output.channels, input.channels];
  const packed = memory.buffer(`${raw}.${pass}.${packing.name}`, "weights", packing.bytes(from, to));
  memory.prepare(packed, packing.pack(`${layer.name} pack ${pass}`, pass, shape, { weights: raw, packed }));
  return packed;
}

/** Asks for the buffers that a variant works in. All layers share them. */
function workspaceOf({ memory }: PlannedLayer<ConvLayer>, variant: ConvVariant, pass: Correlation) {
  const entries = variant.workspace(pass).map(({ name, bytes }): [string, string] => {
    return [name, memory.buffer(`conv3x3.${name}`, name === OVERFLOW ? "overflow" : "workspace", bytes)];
  });
  return Object.fromEntries(entries);
}
