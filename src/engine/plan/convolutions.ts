/** The convolutions of a plan, pass by pass, with the variant that runs each. */
import { type ChooseVariant, correlation } from "../../nn/conv3x3.ts";
import { convShape, isConv } from "../../nn/layers/conv.ts";
import { formatVariants } from "../kernels/variant-text.ts";
import type { ConvolutionPass } from "../kernels/variants.ts";
import type { Step } from "./steps.ts";

/** Every convolution of the steps, forward and backward. */
export function convolutionPasses(steps: readonly Step[], choose: ChooseVariant): ConvolutionPass[] {
  return steps.flatMap((step) => {
    const { layer } = step;
    if (!isConv(layer)) return [];
    const shape = convShape({ ...step, layer });
    return (["forward", "backward_input"] as const).map((pass) => {
      const sizes = correlation(shape, pass);
      return { layer: layer.name, pass, correlation: sizes, variant: choose(layer.name, pass, sizes) };
    });
  });
}

/** Whether both choose the same variant for every pass. */
export function sameVariants(steps: readonly Step[], one: ChooseVariant, other: ChooseVariant): boolean {
  if (one === other) return true;
  const [a, b] = [one, other].map((choose) => formatVariants(convolutionPasses(steps, choose)).join());
  return a === b;
}
