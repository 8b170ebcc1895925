/** An invocation makes 8 channels × 8 pixels of a row and shares nothing (shaders/conv3x3_register.wgsl). */
import {
  conv3x3_backward_input_register,
  conv3x3_backward_input_relu_register,
  conv3x3_forward_register,
  conv3x3_forward_relu_register,
} from "../../../shaders/conv3x3_register.wgsl";
import { tapsPacking } from "./packing.ts";
import type { Correlation } from "./shape.ts";
import { type Grid, rowTiles, tiledPasses } from "./tiled.ts";
import type { ConvVariant } from "./variant.ts";

/** Invocations of a workgroup, as in the shader. */
const WORKGROUP = 32;

/** 8 channels × 8 pixels of a row an invocation. */
function registerGrid(pass: Correlation): Grid<never> {
  return { overrides: {}, workgroups: rowTiles(pass, 8, WORKGROUP) };
}

export const register: ConvVariant = {
  precision: "f32",
  features: [],
  packing: tapsPacking,
  workspace: () => [],
  ...tiledPasses(
    {
      forward: conv3x3_forward_register,
      forwardRelu: conv3x3_forward_relu_register,
      backwardInput: conv3x3_backward_input_register,
      backwardInputRelu: conv3x3_backward_input_relu_register,
    },
    registerGrid,
  ),
};
