/** Where a plan's weights come from: which rows of which tensors, packed for which kernels. */
import type { BufferRef } from "../../gpu/dispatch.ts";
import type { ConvPass, ConvVariant } from "../../nn/conv3x3.ts";
import { type RowSlice, sliceRows } from "../../nn/linear.ts";
import type { Allocation } from "./memory.ts";
import { elements, type Step } from "./steps.ts";

/** The weights of a convolution as its family of kernels reads them in this pass. */
export function convWeights(
  memory: Allocation,
  step: Step,
  pass: ConvPass,
  { packing }: ConvVariant,
): BufferRef {
  const { layer, input, output, rows } = step;
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

/** The bias of a convolution or linear layer. */
export function biasOf(memory: Allocation, { layer, output, rows }: Step): BufferRef {
  const bias = memory.buffer(`${layer.name}.bias`, "weights", 4 * output.channels);
  memory.upload({ buffer: bias, layer: layer.name, tensor: "bias", rows });
  return bias;
}

/** The weight of a linear layer, in slices that the device can bind. */
export function linearWeights(
  memory: Allocation,
  { layer, input, output, rows }: Step,
  bindingLimit: number,
): { readonly slice: RowSlice; readonly weights: BufferRef }[] {
  const inputFeatures = elements(input);
  return sliceRows({ inputFeatures, outputFeatures: output.channels }, bindingLimit).map((slice) => {
    const weights = `${layer.name}.weight.${slice.firstRow}`;
    const all = rows ?? Array.from({ length: output.channels }, (_, row) => row);
    memory.upload({
      buffer: weights,
      layer: layer.name,
      tensor: "weight",
      rows: all.slice(slice.firstRow, slice.firstRow + slice.rows),
    });
    return { slice, weights: memory.buffer(weights, "weights", 4 * slice.rows * inputFeatures) };
  });
}
