/**
 * Half-precision products by tiles in workgroup memory (shaders/conv3x3_half.wgsl). Weights are stored as halves. The
 * input's tiles are halves too, scaled by a power of two that depends on the input's measured range. Activations and
 * gradients stay float32 between layers.
 */
import {
  conv3x3_backward_input_half,
  conv3x3_backward_input_relu_half,
  conv3x3_forward_half,
  conv3x3_forward_relu_half,
  conv3x3_forward_relu_pool_half,
} from "../../../shaders/conv3x3_half.wgsl";
import {
  conv3x3_pack_backward_input_half,
  conv3x3_pack_forward_half,
} from "../../../shaders/conv3x3_pack_half.wgsl";
import { conv3x3_range_half } from "../../../shaders/conv3x3_range_half.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import type { Correlation } from "./shape.ts";
import { tiledPasses } from "./tiled.ts";
import { type ConvPacking, type ConvVariant, OVERFLOW, workspaceBuffers } from "./variant.ts";
import { workgroupTiles } from "./workgroup.ts";

/** Number of partial maxima that the range kernel writes. */
const PARTIALS = 64;

/** The range of the weights, then (C,3,3,K′) halves, K′ the pass's output channels rounded up to 8. */
const halfPacking: ConvPacking = {
  name: "half",
  bytes: (inputs, outputs) => 4 * PARTIALS + 2 * taps(inputs, outputs),
  pack(label, pass, { inputChannels, outputChannels }, { weights, packed }) {
    const forward = pass === "forward";
    const quads = (forward ? taps(inputChannels, outputChannels) : taps(outputChannels, inputChannels)) / 4;
    return [
      rangeOf(`${label} range`, 9 * inputChannels * outputChannels, weights, packed),
      dispatch(forward ? conv3x3_pack_forward_half : conv3x3_pack_backward_input_half, {
        label,
        buffers: { weights, packed },
        uniform: { outputChannels, inputChannels },
        workgroups: fold(quads),
      }),
    ];
  },
};

function taps(inputs: number, outputs: number): number {
  return 9 * inputs * 8 * Math.ceil(outputs / 8);
}

const passes = tiledPasses(
  {
    forward: conv3x3_forward_half,
    forwardRelu: conv3x3_forward_relu_half,
    forwardReluPool: conv3x3_forward_relu_pool_half,
    backwardInput: conv3x3_backward_input_half,
    backwardInputRelu: conv3x3_backward_input_relu_half,
  },
  workgroupTiles,
  ["range", OVERFLOW],
);

export const half: ConvVariant = {
  ...passes,
  precision: "f16",
  features: ["shader-f16"],
  packing: halfPacking,
  workspace: () => [
    { name: "range", bytes: 4 * PARTIALS },
    { name: OVERFLOW, bytes: 4 },
  ],
  forward: (label, pass, buffers) => [
    inputRange(label, pass, buffers),
    ...passes.forward(label, pass, buffers),
  ],
  backwardInput: (label, pass, buffers) => [
    inputRange(label, pass, buffers),
    ...passes.backwardInput(label, pass, buffers),
  ],
};

function inputRange(
  label: string,
  { batch, inputChannels, inputHeight, inputWidth }: Correlation,
  {
    input,
    workspace,
  }: { readonly input: BufferRef; readonly workspace: Readonly<Record<string, BufferRef>> },
): Dispatch {
  const { range } = workspaceBuffers(workspace, ["range"]);
  return rangeOf(`${label} range`, batch * inputChannels * inputHeight * inputWidth, input, range);
}

function rangeOf(label: string, length: number, values: BufferRef, range: BufferRef): Dispatch {
  return dispatch(conv3x3_range_half, {
    label,
    buffers: { values, range },
    uniform: { length },
    workgroups: [PARTIALS, 1, 1],
    bytes: 4 * length,
  });
}
