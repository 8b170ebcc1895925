/** The plain convolution: one invocation an output, weights as in the checkpoint (shaders/conv3x3.wgsl). */
import {
  conv3x3_backward_input,
  conv3x3_forward,
  conv3x3_forward_relu_pool,
} from "../../../shaders/conv3x3.wgsl";
import { ShaderError } from "../../errors.ts";
import { dispatch, fold } from "../../gpu/dispatch.ts";
import { type Correlation, correlationBytes, correlationFlops, transposed } from "./shape.ts";
import type { ConvVariant } from "./variant.ts";

export const plain: ConvVariant = {
  precision: "f32",
  features: [],
  fusesRelu: false,
  fusesPool: true,
  packing: undefined,
  workspace: () => [],
  forward(label, pass, { weights, bias, input, output, bits, winners }) {
    const buffers = { weights, bias, input, output };
    const options = { label, uniform: { ...pass } };
    if (bits === undefined) return [dispatch(conv3x3_forward, { ...options, buffers, ...extent(pass) })];
    if (winners === undefined) throw new ShaderError("conv3x3_forward fuses the ReLU only with a max-pool");
    const pooled = { buffers: { ...buffers, bits, winners }, ...pooledExtent(pass) };
    return [dispatch(conv3x3_forward_relu_pool, { ...options, ...pooled })];
  },
  backwardInput(label, pass, { weights, input, output, mask }) {
    if (mask !== undefined) throw new ShaderError("conv3x3_backward_input does not fuse the ReLU");
    const buffers = { weights, outputGradient: input, inputGradient: output };
    const uniform = transposed(pass);
    return [dispatch(conv3x3_backward_input, { label, buffers, uniform: { ...uniform }, ...extent(pass) })];
  },
};

/** One invocation 4 channels of 4 windows of 2×2. */
function pooledExtent(pass: Correlation) {
  const { batch, outputChannels, outputHeight, outputWidth } = pass;
  const tiles = Math.floor(outputHeight / 2) * Math.ceil(Math.floor(outputWidth / 2) / 4);
  return {
    workgroups: fold(batch * Math.ceil(outputChannels / 4) * tiles),
    flops: correlationFlops(pass),
    bytes: correlationBytes(pass, true),
  };
}

function extent(pass: Correlation) {
  const { batch, outputChannels, outputHeight, outputWidth } = pass;
  return {
    workgroups: fold(batch * outputChannels * outputHeight * outputWidth),
    flops: correlationFlops(pass),
    bytes: correlationBytes(pass),
  };
}
