/**
 * Which family of convolution kernels runs each pass of a plan: pinned by a person, remembered from a tuning,
 * or guessed for the adapter (kernel-guess.ts). A choice is made when an ascent is created and stays until it is disposed.
 */
import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import {
  type ConvPass,
  type ConvVariantName,
  type Correlation,
  convVariantNames,
  correlation,
  variantOf,
} from "../../nn/conv3x3.ts";
import { type ChooseVariant, convShape, type Step } from "../plan/steps.ts";

/**
 * What runs where it must be exact. A direct convolution makes equal sums of equal inputs, so on a constant image, as
 * a start from zeros is, max-pools see ties where there are ties; Winograd's kernels round every pixel of a tile in
 * its own way and break them. `single` has the one pipeline that the first picture waits for.
 */
export const exactVariant: ChooseVariant = () => "single";

/**
 * The same choice for a layer's pass at every size: the one for the first size that is asked about, a plan's whole one. So
 * iterations at half the size need no kernels and no packed weights of their own.
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

/** Every convolution of the steps, forward and backward. */
export function convolutionPasses(
  batch: number,
  steps: readonly Step[],
  choose: ChooseVariant,
): ConvolutionPass[] {
  return steps.flatMap((step) => {
    const { layer } = step;
    if (layer.kind !== "conv") return [];
    const shape = convShape(batch, layer, step);
    return (["forward", "backward_input"] as const).map((pass) => {
      const sizes = correlation(shape, pass);
      return { layer: layer.name, pass, correlation: sizes, variant: choose(layer.name, pass, sizes) };
    });
  });
}

/** Whether both choose the same kernels for every pass. */
export function sameVariants(
  batch: number,
  steps: readonly Step[],
  one: ChooseVariant,
  other: ChooseVariant,
): boolean {
  if (one === other) return true;
  const [a, b] = [one, other].map((choose) => formatPins(convolutionPasses(batch, steps, choose)).join());
  return a === b;
}

/** What two passes have in common that the same kernel is best for: direction, sizes and border. */
export function shapeKey({ pass, correlation: c }: Pick<ConvolutionPass, "pass" | "correlation">): string {
  const input = `${c.batch}x${c.inputChannels}x${c.inputHeight}x${c.inputWidth}`;
  return `${pass} ${input} to ${c.outputChannels}, pad ${c.pad}`;
}

/**
 * The variants that this device can run for a pass. Half precision is among them only where it is allowed, and `plain`,
 * which is there to be compared with, only where nothing else runs.
 */
export function candidates(
  device: Pick<GPUDevice, "features">,
  pass: Correlation,
  options: { readonly f16?: boolean | undefined } = {},
): ConvVariantName[] {
  const able = convVariantNames.filter((variant) => {
    const { features, precision, suits } = variantOf(variant);
    const allowed = precision === "f32" || options.f16 === true;
    return allowed && features.every((feature) => device.features.has(feature)) && suits(pass);
  });
  const tuned = able.filter((variant) => variant !== "plain");
  return tuned.length > 0 ? tuned : able;
}

const PASSES: Readonly<Record<string, readonly ConvPass[]>> = {
  "": ["forward", "backward_input"],
  forward: ["forward"],
  backward: ["backward_input"],
};

/**
 * Reads pins: `VARIANT` for every layer, or `LAYER=VARIANT`, `LAYER.forward=VARIANT`, `LAYER.backward=VARIANT`,
 * separated by commas; later ones overrule earlier ones.
 * @param convolutions names of the network's, where they are known
 * @returns the pinned variant, or undefined where nothing is pinned
 * @throws InputError for an unknown variant, pass or layer
 */
export function parsePins(
  text: string,
  convolutions?: readonly string[],
): (layer: string, pass: ConvPass) => ConvVariantName | undefined {
  const pins = new Map<string, ConvVariantName>();
  for (const part of text.split(",").map((one) => one.trim())) {
    const [, layer = "*", pass = "", name = ""] = /^(?:([\w*]+)(?:\.(\w+))?=)?(\w+)$/.exec(part) ?? [];
    const variant = convVariantNames.find((known) => known === name);
    const passes = PASSES[pass];
    if (!variant || !passes) {
      throw new InputError(`kernels: expected VARIANT or LAYER[.forward|.backward]=VARIANT, got "${part}"`, {
        remedy: `variants: ${convVariantNames.join(" ")}`,
      });
    }
    if (convolutions && layer !== "*" && !convolutions.includes(layer)) {
      throw new InputError(`kernels: the network has no convolution named ${layer}`, {
        remedy: `there are ${convolutions.join(" ")}`,
      });
    }
    // A pin on every layer overrules what came before it for single ones.
    if (layer === "*")
      for (const key of [...pins.keys()]) if (passes.some((p) => key.endsWith(` ${p}`))) pins.delete(key);
    for (const one of passes) pins.set(`${layer} ${one}`, variant);
  }
  return (layer, pass) => pins.get(`${layer} ${pass}`) ?? pins.get(`* ${pass}`);
}

/** A line for each pass, `LAYER.forward=VARIANT`, as `parsePins` reads them when commas join them. */
export function formatPins(passes: readonly ConvolutionPass[]): string[] {
  return passes.map(
    ({ layer, pass, variant }) => `${layer}.${pass === "forward" ? "forward" : "backward"}=${variant}`,
  );
}

/** @throws InputError where the device cannot run a pinned kernel */
export function expectRunnable(gpu: Gpu, passes: readonly ConvolutionPass[]): void {
  for (const { layer, pass, correlation: shape, variant } of passes) {
    const { features, suits } = variantOf(variant);
    const missing = features.find((feature) => !gpu.device.features.has(feature));
    if (missing)
      throw new InputError(`${layer} ${pass}: ${variant} needs ${missing}, which this device lacks`);
    if (!suits(shape)) throw new InputError(`${layer} ${pass}: ${variant} does not suit its shape`);
  }
}
