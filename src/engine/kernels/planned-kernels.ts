/** Plans with the kernels that are pinned, remembered from a tuning, or guessed for the adapter, in this order. */
import type { Gpu } from "../../gpu/device.ts";
import type { Plan, PlanOptions } from "../plan/plan.ts";
import { exactVariant, expectRunnable, parsePins, sameAtEverySize } from "./kernel-choice.ts";
import { guessFor } from "./kernel-guess.ts";
import { rememberedVariants, type TuningOptions } from "./tuner.ts";
import type { TuningStorage } from "./tuning-memory.ts";

export interface KernelOptions {
  /** Where tunings are remembered: what was found fastest on this adapter runs. */
  readonly tuning?: (TuningOptions & { readonly storage: TuningStorage }) | undefined;
  /** Kernels pinned to layers, as `parsePins` reads them: `winograd4, conv1_1.forward=register`. */
  readonly kernels?: string | undefined;
  /** Names of the network's convolutions, of which pins may name no others. */
  readonly convolutions?: readonly string[];
}

/** Kernels of the iterations, and of what must be exact. */
export type Choice = Pick<PlanOptions, "convVariant" | "exactVariant">;

/**
 * @param makePlan plans with the variants it is given
 * @throws InputError where a pin cannot be read, or names what this device cannot run
 */
export async function planKernels(
  gpu: Gpu,
  makePlan: (choice: Choice) => Plan,
  { tuning, kernels, convolutions }: KernelOptions,
): Promise<Plan> {
  const guess = guessFor(gpu.adapterInfo);
  const chosen = sameAtEverySize(
    tuning ? await rememberedVariants(gpu, guess, tuning.storage, tuning) : guess,
  );
  const pinned = kernels ? parsePins(kernels, convolutions) : () => undefined;
  const plan = makePlan({
    convVariant: (layer, pass, shape) => pinned(layer, pass) ?? chosen(layer, pass, shape),
    exactVariant: (layer, pass, shape) => pinned(layer, pass) ?? exactVariant(layer, pass, shape),
  });
  if (kernels) expectRunnable(gpu, plan.convolutions);
  return plan;
}
