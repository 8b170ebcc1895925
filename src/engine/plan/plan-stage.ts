/** What the iterations at one size are made of, and the gradient there. */
import { InputError, inputOf } from "../../errors.ts";
import type { Dispatch } from "../../gpu/dispatch.ts";
import type { Network, Preprocess, Size } from "../../model/network.ts";
import { preprocessing } from "../../model/preprocess.ts";
import type { ChooseVariant } from "../../nn/conv3x3.ts";
import { ALPHA_GRADIENT, alphaName, expectAlpha } from "../../optvis/params/alpha.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import { isPenalty, needsPhoto, type Objective, readsOpacity } from "../../optvis/term.ts";
import { termPasses } from "../../optvis/terms/registry.ts";
import { transformsOf } from "../../optvis/transforms/transforms.ts";
import { defaultVariant } from "../kernels/variant-guess.ts";
import { exactVariant } from "../kernels/variants.ts";
import { sameVariants } from "./convolutions.ts";
import { GRADIENT, type ImagePlan, PARTIALS, planImage } from "./image.ts";
import type { Allocation } from "./memory.ts";
import type { Phase, PlanOptions } from "./plan.ts";
import { planNetwork } from "./plan-network.ts";
import { transformedSize } from "./transform-chain.ts";

/** The first iterations, in which the ReLU gradient is redirected (Lucid). */
export const OPENING_ITERATIONS = 16;

interface StageOptions {
  readonly network: Network;
  readonly preprocess: Preprocess;
  readonly objective: Objective;
  /** Name of the image's buffer. */
  readonly image: string;
  readonly recipe: Recipe;
  readonly options: PlanOptions;
  readonly memory: Allocation;
}

/** Everything between the image and the next one, at the recipe's size. */
export function planStage({
  network,
  preprocess,
  objective,
  image: name,
  recipe,
  options,
  memory,
}: StageOptions) {
  const transforms = transformsOf(recipe);
  const inputSize = transformedSize(transforms, recipe.size);
  const exact = options.exactVariant ?? options.convVariant ?? exactVariant;
  // Clipped pixels are constant regions, where max-pools see ties.
  const clips = recipe.clipNorm > 0 || recipe.clipContribution > 0;
  const fast = clips ? exact : (options.convVariant ?? defaultVariant);
  const pass = (size: Size, convVariant: ChooseVariant, redirect = false) =>
    planNetwork(
      network,
      objective,
      { size, redirect, batch: recipe.batch },
      { ...options, convVariant },
      memory,
    );
  const sameSize = inputSize.every((side, i) => side === recipe.size[i]);
  const seen = () => pass(inputSize, fast, recipe.redirect);
  const moved = sameSize
    ? seen()
    : inputOf(
        `transforms ${recipe.transforms}`,
        "let them leave more of the image, or use a larger size",
        seen,
      );
  const allExact = sameVariants(moved.steps, fast, exact);
  const opening = allExact ? moved : pass(inputSize, exact, recipe.redirect);
  const still = sameSize ? opening : pass(recipe.size, exact);
  if (!sameSize) expectNoPhoto(objective);
  const penalties = planPenalties(name, objective, recipe, preprocess, memory);
  const image: ImagePlan = planImage(
    {
      recipe,
      preprocess,
      transforms,
      terms: objective.terms.length,
      image: name,
      window: moved.window,
      still,
    },
    memory,
  );
  const phase = (
    until: number,
    { forward, valueOnly, inputGradient }: typeof moved,
    backward: readonly Dispatch[],
  ): Phase => ({
    until,
    forward: [...image.enter, ...forward, ...penalties.forward],
    // Sets of kernels that fuse differently leave the gradient in different buffers.
    backward: [...backward, ...image.leave(inputGradient), ...penalties.backward],
    decay: image.decay,
    total: image.total,
    blurGradient: image.blurGradient,
    update: image.update,
    blur: image.blur,
    clipNorm: image.clipNorm,
    clipContribution: image.clipContribution,
    end: image.end,
    valueOnly: new Set([...valueOnly, ...image.valueOnly]),
  });
  const early = (until: number, network: typeof moved) =>
    phase(until, network, recipe.redirect ? network.redirectedBackward : network.backward);
  // From zeros there are ties; otherwise one iteration on few kernels makes the first picture, while others compile.
  const opened = recipe.init === "zeros" ? OPENING_ITERATIONS : 1;
  const phases = [
    ...(allExact ? [] : [early(opened, opening)]),
    ...(recipe.redirect ? [early(OPENING_ITERATIONS, moved)] : []),
    phase(Number.POSITIVE_INFINITY, moved, moved.backward),
  ].filter(({ until }, i, all) => until > (all[i - 1]?.until ?? 0));
  return { moved, fast, still, image, penalties, phases };
}

/** The penalties among the terms, on the images themselves. */
function planPenalties(
  image: string,
  objective: Objective,
  recipe: Recipe,
  preprocess: Preprocess,
  memory: Allocation,
) {
  const {
    batch,
    size: [height, width],
  } = recipe;
  const { mean } = preprocessing(preprocess);
  expectAlpha(objective, recipe);
  const all = objective.terms.flatMap((term, index) => {
    if (!isPenalty(term)) return [];
    const opacity = readsOpacity(term);
    const shape = { channels: opacity ? 1 : 3, height, width };
    const { forward, backward } = termPasses({ term, index, batch, shape, mean, memory });
    const activation = opacity ? alphaName(image) : image;
    const gradient = opacity ? ALPHA_GRADIENT : GRADIENT;
    return {
      forward: forward({ activation, partials: PARTIALS }),
      backward: backward(true, { activation, gradient }),
    };
  });
  return {
    forward: all.flatMap(({ forward }) => forward),
    backward: all.flatMap(({ backward }) => backward),
  };
}

/** A photograph's activations are compared place by place, so the network must see images of its size. */
function expectNoPhoto(objective: Objective): void {
  const term = objective.terms.find((one) => needsPhoto(one));
  if (!term) return;
  throw new InputError(`objective: ${term.kind}:${term.layer} needs transforms that keep the image's size`, {
    remedy: "leave out those that pad or crop",
  });
}
