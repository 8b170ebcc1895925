/** `bench`: how fast an ascent runs here, what it computes, and what memory it takes. */

import { measureLimits } from "../engine/kernels/limits.ts";
import { formatVariants } from "../engine/kernels/variant-text.ts";
import { createAscent } from "../engine/run/ascent.ts";
import { profileByKernel } from "../engine/run/profile.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Model } from "../model/network.ts";
import { photoOption, type RenderOptions, timedRun } from "./render.ts";
import type { BenchReport, Result, RunContext } from "./report.ts";

export interface BenchOptions extends RenderOptions {
  /** Measure the adapter's limits as well, and the kernels against them. */
  readonly profile?: boolean;
  /** Pins: see `parseVariants`. */
  readonly kernels?: string | undefined;
  /** Measure the candidates for each convolution afterwards and remember them. */
  readonly tune?: boolean;
}

/** Runs the recipe as `render` does, then once more with every dispatch timed where the device can. */
export async function bench(
  gpu: Gpu,
  model: Model,
  options: BenchOptions,
  context: RunContext,
): Promise<Result<BenchReport>> {
  const { storage } = context;
  const ascent = await createAscent(gpu, model, options.recipe, {
    ...photoOption(options),
    kernels: options.kernels,
    tuning: storage && { storage },
  });
  try {
    const run = await timedRun(gpu, model, ascent, options, context);
    const { plan } = ascent;
    const kernelTimes = await ascent.profile();
    const limits = options.profile && kernelTimes ? await measureLimits(gpu) : null;
    return {
      report: {
        ...run,
        batch: options.recipe.batch,
        size: options.recipe.size,
        flops: plan.flops,
        gflops: run.iterationsPerSecond === null ? null : (plan.flops * run.iterationsPerSecond) / 1e9,
        plannedBytes: plan.bytes,
        allocatedBytes: ascent.allocatedBytes,
        kernelTimes,
        kernels: ascent.kernels,
        choices: formatVariants(plan.convolutions),
        tuning: options.tune && storage ? await ascent.tune(storage) : null,
        profile: limits && kernelTimes && { limits, kernels: profileByKernel(kernelTimes, limits) },
      },
      tensors: {},
    };
  } finally {
    ascent.dispose();
  }
}
