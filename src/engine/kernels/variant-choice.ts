/** Chooses variants: those that a person names, else what tuning remembers, else the guess for the adapter. */
import type { Gpu } from "../../gpu/device.ts";
import type { ChooseVariant } from "../../nn/conv3x3.ts";
import { rememberedVariants, type TuningOptions } from "./tuner.ts";
import type { TuningStorage } from "./tuning-memory.ts";
import { guessFor } from "./variant-guess.ts";
import { parseVariants } from "./variant-text.ts";
import { exactVariant, sameAtEverySize } from "./variants.ts";

export interface VariantOptions {
  /** Where tunings are remembered: what was found fastest on this adapter runs. */
  readonly tuning?: (TuningOptions & { readonly storage: TuningStorage }) | undefined;
  /** Variants named for layers, as `parseVariants` reads them: `winograd4_8x8, conv1_1.forward=register`. */
  readonly kernels?: string | undefined;
}

/** Variants of the iterations, and of what must be exact. */
export interface Variants {
  readonly convVariant: ChooseVariant;
  readonly exactVariant: ChooseVariant;
}

/**
 * @param convolutions names of the network's convolutions
 * @throws InputError where the text cannot be read or names another layer
 */
export async function chooseVariants(
  gpu: Gpu,
  { tuning, kernels }: VariantOptions,
  convolutions?: readonly string[],
): Promise<Variants> {
  const guess = guessFor(gpu.adapterInfo);
  const chosen = sameAtEverySize(
    tuning ? await rememberedVariants(gpu, guess, tuning.storage, tuning) : guess,
  );
  const named = kernels ? parseVariants(kernels, convolutions) : () => undefined;
  return {
    convVariant: (layer, pass, shape) => named(layer, pass) ?? chosen(layer, pass, shape),
    exactVariant: (layer, pass, shape) => named(layer, pass) ?? exactVariant(layer, pass, shape),
  };
}
