/** Tiles of input and weights in workgroup memory, which GPUs read fast (shaders/conv3x3_workgroup.wgsl). */
import {
  conv3x3_backward_input_relu_workgroup,
  conv3x3_backward_input_workgroup,
  conv3x3_forward_relu_pool_workgroup,
  conv3x3_forward_relu_workgroup,
  conv3x3_forward_workgroup,
} from "../../../shaders/conv3x3_workgroup.wgsl";
import { tapsPacking } from "./packing.ts";
import type { Correlation } from "./shape.ts";
import { type Grid, tiledPasses } from "./tiled.ts";
import type { ConvVariant } from "./variant.ts";

export const workgroup: ConvVariant = {
  precision: "f32",
  features: [],
  packing: tapsPacking,
  workspace: () => [],
  ...tiledPasses(
    {
      forward: conv3x3_forward_workgroup,
      forwardRelu: conv3x3_forward_relu_workgroup,
      forwardReluPool: conv3x3_forward_relu_pool_workgroup,
      backwardInput: conv3x3_backward_input_workgroup,
      backwardInputRelu: conv3x3_backward_input_relu_workgroup,
    },
    workgroupTiles,
  ),
};

/** With this many workgroups, larger tiles still keep every unit of a GPU busy, and they read less memory. */
const MANY_WORKGROUPS = 512;

/**
 * 8 quads of channels by 8 or 16 rows: 64 or 128 invocations, and under 8 KiB of workgroup memory. With a pool there are
 * always 8 rows. The pool takes 4 KiB more, and a device may have no more than 16.
 */
export function workgroupTiles(pass: Correlation, pooled = false): Grid<"QUADS" | "ROWS"> {
  const small = workgroups(pass, 8, 8);
  const [tiles, groups] = small;
  return !pooled && tiles * groups >= MANY_WORKGROUPS
    ? { overrides: { QUADS: 8, ROWS: 16 }, workgroups: workgroups(pass, 8, 16) }
    : { overrides: { QUADS: 8, ROWS: 8 }, workgroups: small };
}

/** Tiles of an image along x, groups of `quads`·4 channels of each image along y. */
function workgroups(
  { batch, outputChannels, outputHeight, outputWidth }: Correlation,
  quads: number,
  rows: number,
): [x: number, y: number, z: number] {
  const tiles = Math.ceil(outputHeight / rows) * Math.ceil(outputWidth / 8);
  return [tiles, batch * Math.ceil(outputChannels / (4 * quads)), 1];
}
