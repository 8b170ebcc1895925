/** Register tiles whose weights a subgroup loads once and broadcasts (shaders/conv3x3_subgroup.wgsl). */
import {
  conv3x3_backward_input_relu_subgroup,
  conv3x3_backward_input_subgroup,
  conv3x3_forward_relu_subgroup,
  conv3x3_forward_subgroup,
} from "../../../shaders/conv3x3_subgroup.wgsl";
import { tapsPacking } from "./packing.ts";
import { rowTileCount, rowTiles, tiledPasses } from "./tiled.ts";
import type { ConvVariant } from "./variant.ts";

export const subgroup: ConvVariant = {
  precision: "f32",
  features: ["subgroups"],
  packing: tapsPacking,
  workspace: () => [],
  ...tiledPasses(
    {
      forward: conv3x3_forward_subgroup,
      forwardRelu: conv3x3_forward_relu_subgroup,
      backwardInput: conv3x3_backward_input_subgroup,
      backwardInputRelu: conv3x3_backward_input_relu_subgroup,
    },
    (pass) => {
      // Few row tiles fill no workgroup of 32.
      const WORKGROUP = rowTileCount(pass) >= 32 ? 32 : 8;
      return { overrides: { WORKGROUP }, workgroups: rowTiles(pass, 16, WORKGROUP) };
    },
  ),
};
