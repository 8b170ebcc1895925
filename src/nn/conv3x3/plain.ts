/** One invocation an output, weights as they are in the checkpoint (shaders/conv3x3.wgsl). */
import { conv3x3_backward_input, conv3x3_forward } from "../../../shaders/conv3x3.wgsl";
import { dispatch, fold } from "../../gpu/dispatch.ts";
import type { ConvFamily } from "./family.ts";
import { type Correlation, correlationBytes, correlationFlops, transposed } from "./shape.ts";

export const plain: ConvFamily = {
  precision: "f32",
  features: [],
  fusesRelu: false,
  fusesPool: false,
  packing: undefined,
  suits: () => true,
  workspace: () => [],
  forward(label, pass, { weights, bias, input, output, bits }) {
    if (bits !== undefined) throw new Error("conv3x3_forward does not fuse the ReLU");
    const buffers = { weights, bias, input, output };
    return [dispatch(conv3x3_forward, { label, buffers, uniform: { ...pass }, ...extent(pass) })];
  },
  backwardInput(label, pass, { weights, input, output, mask }) {
    if (mask !== undefined) throw new Error("conv3x3_backward_input does not fuse the ReLU");
    const buffers = { weights, outputGradient: input, inputGradient: output };
    const uniform = transposed(pass);
    return [dispatch(conv3x3_backward_input, { label, buffers, uniform: { ...uniform }, ...extent(pass) })];
  },
};

function extent(pass: Correlation) {
  const { batch, outputChannels, outputHeight, outputWidth } = pass;
  return {
    workgroups: fold(batch * outputChannels * outputHeight * outputWidth),
    flops: correlationFlops(pass),
    bytes: correlationBytes(pass),
  };
}
