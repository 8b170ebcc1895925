/**
 * Which variant of the convolution kernels runs each pass of a plan: the one that a person names (variant-text.ts), the
 * fastest that tuning remembers (tuner.ts), or a guess for the adapter (variant-guess.ts). An ascent keeps its variants.
 */
import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import {
  type ChooseVariant,
  type ConvPass,
  type ConvVariantName,
  type Correlation,
  convVariantNames,
  variantOf,
} from "../../nn/conv3x3.ts";

/**
 * Runs where results must be exact. A direct convolution makes equal sums of equal inputs. So max-pools see ties on a
 * constant image, as a start from zeros is. Winograd's kernels round each pixel of a tile in another way and break the
 * ties. `single` has one pipeline, and the first picture waits for that alone.
 */
export const exactVariant: ChooseVariant = () => "single";

/**
 * Makes one choice for a layer's pass at every size: the choice for the first size asked about, which is a plan's whole
 * size. So iterations at half the size need no kernels and no packed weights of their own.
 */
export function sameAtEverySize(choose: ChooseVariant): ChooseVariant {
  const chosen = new Map<string, ConvVariantName>();
  return (layer, pass, shape) => {
    const key = `${layer} ${pass}`;
    const variant = chosen.get(key) ?? choose(layer, pass, shape);
    chosen.set(key, variant);
    return variant;
  };
}

/** One pass of a convolution of the plan. */
export interface ConvolutionPass {
  readonly layer: string;
  readonly pass: ConvPass;
  readonly correlation: Correlation;
  readonly variant: ConvVariantName;
}

/** What two passes have in common that the same kernel is best for: direction, sizes and border. */
export function shapeKey({ pass, correlation: c }: Pick<ConvolutionPass, "pass" | "correlation">): string {
  const input = `${c.batch}x${c.inputChannels}x${c.inputHeight}x${c.inputWidth}`;
  return `${pass} ${input} to ${c.outputChannels}, pad ${c.pad}`;
}

/**
 * The variants that this device can run. Half precision is among them only where it is allowed. `plain` is not: it is
 * there to be compared with.
 */
export function candidates(
  device: Pick<GPUDevice, "features">,
  options: { readonly f16?: boolean | undefined } = {},
): ConvVariantName[] {
  return convVariantNames.filter((name) => {
    const { features, precision } = variantOf(name);
    const allowed = name !== "plain" && (precision === "f32" || options.f16 === true);
    return allowed && features.every((feature) => device.features.has(feature));
  });
}

/** @throws InputError where the device cannot run a variant that was named */
export function expectRunnable(gpu: Gpu, passes: readonly ConvolutionPass[]): void {
  for (const { layer, pass, variant } of passes) {
    const { features } = variantOf(variant);
    const missing = features.find((feature) => !gpu.device.features.has(feature));
    if (missing)
      throw new InputError(`${layer} ${pass}: ${variant} needs ${missing}, which this device lacks`);
  }
}
