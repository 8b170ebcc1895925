/** The terms of an objective that read the images themselves, such as the total variation. */
import type { Dispatch } from "../../gpu/dispatch.ts";
import type { Preprocess } from "../../model/network.ts";
import { preprocessing } from "../../model/preprocess.ts";
import { ALPHA_GRADIENT, alphaName, expectAlpha } from "../../optvis/params/alpha.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import { isPenalty, type Objective, readsOpacity } from "../../optvis/term.ts";
import { termPasses } from "../../optvis/terms/registry.ts";
import { GRADIENT, PARTIALS } from "./buffer-names.ts";
import type { Allocation } from "./memory.ts";

export interface Penalties {
  readonly forward: readonly Dispatch[];
  readonly backward: readonly Dispatch[];
}

/** @param image buffer of the resident image */
export function planPenalties(
  image: string,
  objective: Objective,
  recipe: Recipe,
  preprocess: Preprocess,
  memory: Allocation,
): Penalties {
  const {
    batch,
    size: [height, width],
  } = recipe;
  const { mean } = preprocessing(preprocess);
  expectAlpha(objective, recipe);
  const all = objective.terms.flatMap((term, index) => {
    if (!isPenalty(term)) return [];
    const opacity = readsOpacity(term);
    const shape = { channels: opacity ? 1 : mean.length, height, width };
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
