/** The passes through the network that iterations and gradient need: with fast and exact variants, moved and still. */
import { inputOf } from "../../errors.ts";
import type { Size } from "../../model/network.ts";
import type { ChooseVariant } from "../../nn/conv3x3.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import { transformsOf } from "../../optvis/transforms/transforms.ts";
import { defaultVariant } from "../kernels/variant-guess.ts";
import { exactVariant } from "../kernels/variants.ts";
import { sameVariants } from "./convolutions.ts";
import type { StageOptions } from "./iteration.ts";
import { planNetwork } from "./plan-network.ts";
import { expectNoPhoto } from "./target-photo.ts";
import { transformedSize } from "./transform-chain.ts";

/** The first iterations, which redirect the gradient of ReLUs (Lucid), and in which a start from zeros has ties. */
export const OPENING_ITERATIONS = 16;

/** Of a recipe what decides the passes through the network. */
type NetworkFields = "batch" | "size" | "redirect" | "jitter" | "transforms" | "iterations";

interface NetworksOptions extends Omit<StageOptions, "recipe"> {
  readonly recipe: Pick<Recipe, NetworkFields>;
}

/** `fast` and `exact` see the transformed image, `still` the image itself. */
export function planNetworks({ network, objective, recipe, options, memory }: NetworksOptions) {
  const transforms = transformsOf(recipe);
  const inputSize = transformedSize(transforms, recipe.size);
  const chosen = {
    fast: options.convVariant ?? defaultVariant,
    exact: options.exactVariant ?? options.convVariant ?? exactVariant,
  };
  const pass = (size: Size, convVariant: ChooseVariant, redirect = false) =>
    planNetwork(
      network,
      objective,
      { size, redirect, batch: recipe.batch },
      { ...options, convVariant },
      memory,
    );
  const sameSize = inputSize.every((side, i) => side === recipe.size[i]);
  const moved = () => pass(inputSize, chosen.fast, recipe.redirect);
  const fast = sameSize
    ? moved()
    : inputOf(
        `transforms ${recipe.transforms}`,
        "let them leave more of the image, or use a larger size",
        moved,
      );
  const allExact = sameVariants(fast.steps, chosen.fast, chosen.exact);
  const exact = allExact ? fast : pass(inputSize, chosen.exact, recipe.redirect);
  const still = sameSize ? exact : pass(recipe.size, chosen.exact);
  if (!sameSize) expectNoPhoto(objective);
  return { fast, exact, still, transforms, chosen };
}
