/** The convolutions of a plan, pass by pass, with the variant that runs each. */
import { correlation } from "../../nn/conv3x3.ts";
import { formatVariants } from "../kernels/variant-text.ts";
import type { ChooseVariant, ConvolutionPass } from "../kernels/variants.ts";
import { convShape, type Step } from "./steps.ts";

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

/** Whether both choose the same variant for every pass. */
export function sameVariants(
  batch: number,
  steps: readonly Step[],
  one: ChooseVariant,
  other: ChooseVariant,
): boolean {
  if (one === other) return true;
  const [a, b] = [one, other].map((choose) => formatVariants(convolutionPasses(batch, steps, choose)).join());
  return a === b;
}
