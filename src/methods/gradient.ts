/** `gradient`: the objective and its exact gradient with respect to given images. */

import { createAscent } from "../engine/run/ascent.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Model } from "../model/network.ts";
import { defaultRecipe } from "../optvis/recipe.ts";
import { finiteImage } from "./image.ts";
import type { GradientReport, Result, RunContext, Tensor } from "./report.ts";

export interface GradientOptions {
  readonly objective: string;
  /** (N, 3, H, W), RGB in 0–1 units, not clamped. */
  readonly image: Tensor;
  /** What the objective compares with, if it does: RGB in 0–1 units, (3,H,W). */
  readonly target?: Float32Array;
}

/**
 * Without L2 and never with the ReLU redirect: the derivative as PyTorch would compute it.
 *
 * @returns tensors `objective` (N) and `gradient` (N, 3, H, W), with respect to RGB in 0–1 units
 * @throws InputError if the image is not (N, 3, H, W), is not finite or does not fit the network
 */
export async function gradient(
  gpu: Gpu,
  model: Model,
  options: GradientOptions,
  context: RunContext,
): Promise<Result<GradientReport>> {
  const { shape, data } = options.image;
  const [batch, height, width] = finiteImage(options.image);
  const recipe = {
    ...defaultRecipe,
    objective: options.objective,
    size: [height, width] as const,
    batch,
    redirect: false,
  };
  const ascent = await createAscent(gpu, model, recipe, {
    target: options.target,
    first: "gradient",
  });
  try {
    const result = await ascent.gradient(data);
    return {
      report: {
        runtime: context.runtime,
        adapter: gpu.adapterName,
        objective: [...result.objective],
        kernels: ascent.kernels,
      },
      tensors: {
        objective: { shape: [batch], data: result.objective },
        gradient: { shape, data: result.gradient },
      },
    };
  } finally {
    ascent.dispose();
  }
}
