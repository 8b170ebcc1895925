/** Weights for the tiled variants: taps in the order that kernels read them, 8 output channels side by side. */
import { conv3x3_pack_backward_input, conv3x3_pack_forward } from "../../../shaders/conv3x3_pack.wgsl";
import { dispatch, fold } from "../../gpu/dispatch.ts";
import type { ConvPacking } from "./variant.ts";

/** (C,3,3,K′), K′ the pass's output channels rounded up to 8 (shaders/conv3x3_pack.wgsl). */
export const tapsPacking: ConvPacking = {
  name: "taps",
  bytes: (inputs, outputs) => 4 * 9 * inputs * 8 * Math.ceil(outputs / 8),
  pack(label, pass, { inputChannels, outputChannels }, buffers) {
    const forward = pass === "forward";
    const bytes = forward
      ? tapsPacking.bytes(inputChannels, outputChannels)
      : tapsPacking.bytes(outputChannels, inputChannels);
    const kernel = forward ? conv3x3_pack_forward : conv3x3_pack_backward_input;
    const uniform = { outputChannels, inputChannels };
    return [dispatch(kernel, { label, buffers, uniform, workgroups: fold(bytes / 4) })];
  },
};
