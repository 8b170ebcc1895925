/**
 * `register` by one kernel in both directions: the forward kernel, on the way back with a bias of zeros, and the ReLU
 * apart. Slower by a pass over each activation; a driver that compiles a pipeline for seconds compiles one.
 */
import { conv3x3_forward_register } from "../../../shaders/conv3x3_register.wgsl";
import { type BufferRef, type Dispatch, dispatch } from "../../gpu/dispatch.ts";
import type { ConvFamily } from "./family.ts";
import { tapsPacking } from "./packing.ts";
import { registerGrid } from "./register.ts";
import { type Correlation, correlationBytes, correlationFlops } from "./shape.ts";

/** One bias a channel on the way back. */
const ZEROS = "single.zeros";

export const single: ConvFamily = {
  precision: "f32",
  features: [],
  fusesRelu: false,
  fusedPool: "none",
  packing: tapsPacking,
  suits: () => true,
  workspace: ({ outputChannels }) => [{ name: ZEROS, bytes: 4 * outputChannels, zeros: true }],
  forward(label, pass, { weights, bias, input, output, bits }) {
    if (bits !== undefined) throw new Error("single does not fuse the ReLU");
    return [convolve(label, pass, { weights, bias, input, output })];
  },
  backwardInput(label, pass, { weights, input, output, mask, workspace }) {
    if (mask !== undefined) throw new Error("single does not fuse the ReLU");
    const { [ZEROS]: bias } = workspace;
    if (bias === undefined) throw new Error("single: its workspace is missing");
    return [convolve(label, pass, { weights, bias, input, output })];
  },
};

type Buffers = Readonly<Record<"weights" | "bias" | "input" | "output", BufferRef>>;

function convolve(label: string, pass: Correlation, buffers: Buffers): Dispatch {
  const { batch: _, ...uniform } = pass;
  const cost = { flops: correlationFlops(pass), bytes: correlationBytes(pass) };
  return dispatch(conv3x3_forward_register, { label, buffers, uniform, ...cost, ...registerGrid(pass) });
}
