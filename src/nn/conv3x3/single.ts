/**
 * One kernel for both directions, with the ReLU or without (shaders/conv3x3_single.wgsl). Some drivers compile a pipeline
 * for seconds; here they compile one. The backward pass adds a bias of zeros. The tile of 4 channels is made for passes
 * with few output channels: the image's three, or an objective's one.
 */
import { conv3x3_single } from "../../../shaders/conv3x3_single.wgsl";
import { ShaderError } from "../../errors.ts";
import { type BufferRef, type Dispatch, dispatch } from "../../gpu/dispatch.ts";
import { tapsPacking } from "./packing.ts";
import { type Correlation, correlationBytes, correlationFlops } from "./shape.ts";
import { type ConvVariant, workspaceBuffers } from "./variant.ts";

/** Takes the place of the bias on the way back, and of the mask where there is none. */
export const ZEROS = "single.zeros";
/** Takes the place of the bits where none are written. */
const UNUSED = "single.unused";

/** `fused` of the shader. */
const FUSED = { nothing: 0, relu: 1, mask: 2 } as const;

/** Invocations of a workgroup, as in the shader, and pixels of a row that one makes. */
const WORKGROUP = 32;
const PIXELS = 16;

export const single: ConvVariant = {
  precision: "f32",
  features: [],
  fusesRelu: true,
  fusesPool: false,
  packing: tapsPacking,
  workspace: ({ outputChannels }) => [
    { name: ZEROS, bytes: 4 * outputChannels },
    { name: UNUSED, bytes: 4 },
  ],
  forward(label, pass, { weights, bias, input, output, bits, winners, workspace }) {
    if (winners !== undefined) throw new ShaderError("single does not fuse the max-pool");
    const { [ZEROS]: zeros, [UNUSED]: unused } = workspaceBuffers(workspace, [ZEROS, UNUSED]);
    const buffers = { weights, bias, input, output, bits: bits ?? unused, mask: zeros };
    return [convolve(label, pass, bits === undefined ? "nothing" : "relu", buffers)];
  },
  backwardInput(label, pass, { weights, input, output, mask, workspace }) {
    const { [ZEROS]: zeros, [UNUSED]: unused } = workspaceBuffers(workspace, [ZEROS, UNUSED]);
    const buffers = { weights, bias: zeros, input, output, bits: unused, mask: mask ?? zeros };
    return [convolve(label, pass, mask === undefined ? "nothing" : "mask", buffers)];
  },
};

type Buffers = Readonly<Record<"weights" | "bias" | "input" | "output" | "bits" | "mask", BufferRef>>;

function convolve(label: string, pass: Correlation, fused: keyof typeof FUSED, buffers: Buffers): Dispatch {
  const { batch, ...uniform } = pass;
  const tiles = pass.outputHeight * Math.ceil(pass.outputWidth / PIXELS);
  return dispatch(conv3x3_single, {
    label,
    buffers,
    uniform: { ...uniform, fused: FUSED[fused] },
    flops: correlationFlops(pass),
    bytes: correlationBytes(pass),
    workgroups: [Math.ceil(tiles / WORKGROUP), batch * Math.ceil(pass.outputChannels / 4), 1],
  });
}
