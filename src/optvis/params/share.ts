/**
 * Batches that share low frequencies. Such images differ in detail only, so they can be compared or blended.
 * Mordvintsev et al. 2018, "Differentiable Image Parameterizations" ("Aligned Feature Visualization Interpolation"),
 * add a shared coarse image to each. Here the low part of an image's one spectrum or pyramid is shared.
 */
import { share_backward, share_forward } from "../../../shaders/share.wgsl";
import { InputError } from "../../errors.ts";
import { type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import { coloursOf } from "../../nn/preprocess.ts";
import type { Recipe } from "../recipe.ts";
import { type Images, type Memory, type ParamPasses, paramOf, paramsWith } from "./param.ts";

/**
 * Both work in place. Forward copies the first image's shared numbers to every image. Backward adds up the gradients of
 * a shared number and gives the sum to every image (shaders/share.wgsl says why).
 */
export function share(
  uniform: { readonly batch: number; readonly length: number },
  { mask, values, gradient }: { readonly mask: string; readonly values: string; readonly gradient: string },
): { readonly forward: Dispatch; readonly backward: Dispatch } {
  const options = { uniform, workgroups: fold(uniform.length) };
  return {
    forward: dispatch(share_forward, { label: "share forward", ...options, buffers: { mask, values } }),
    backward: dispatch(share_backward, {
      label: "share backward",
      ...options,
      buffers: { mask, values: gradient },
    }),
  };
}

/**
 * The passes of a parameterization whose batch shares what is coarser than `recipe.share` cycles along the longer side.
 * @throws InputError where it has no frequencies
 */
export function withShared(
  recipe: Pick<Recipe, "param" | "share">,
  { batch, size, mean }: Images,
  passes: ParamPasses,
  memory: Memory,
): ParamPasses {
  if (recipe.share === 0) return passes;
  const param = paramOf(recipe.param);
  if (!param.coarse) {
    throw new InputError(`share: ${recipe.param} parameters have no frequencies that a batch could share`, {
      remedy: `leave it at 0, or use --param ${paramsWith(({ coarse }) => coarse !== undefined)}`,
    });
  }
  const colours = coloursOf(mean);
  const mask = memory.table("share.mask", param.coarse(size, recipe.share, colours));
  const { values, gradient } = passes;
  const shared = share({ batch, length: param.length(size, colours) }, { mask, values, gradient });
  return {
    values,
    gradient,
    forward: [shared.forward, ...passes.forward],
    backward: [...passes.backward, shared.backward],
  };
}
