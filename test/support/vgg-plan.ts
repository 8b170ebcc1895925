/** Plans on a network as large as VGG-16, made without its weights. */
import { iterationOf, type Settings } from "../../src/engine/plan/iteration.ts";
import type { Plan, PlanOptions } from "../../src/engine/plan/plan.ts";
import { planAscent } from "../../src/engine/plan/plan-ascent.ts";
import type { Dispatch } from "../../src/gpu/dispatch.ts";
import { dispatchesAt } from "../../src/gpu/program.ts";
import { inferNetwork } from "../../src/model/architecture.ts";
import { parseObjective } from "../../src/optvis/objective.ts";
import { defaultRecipe, type Recipe } from "../../src/optvis/recipe.ts";

/** VGG-16's convolutions to conv5_1 in torchvision's names. */
export const WIDTHS = [
  [0, 3, 64],
  [2, 64, 64],
  [5, 64, 128],
  [7, 128, 128],
  [10, 128, 256],
  [12, 256, 256],
  [14, 256, 256],
  [17, 256, 512],
  [19, 512, 512],
  [21, 512, 512],
  [24, 512, 512],
] as const;

/** The plan of an objective on that network, at 224² where the recipe says nothing else. */
export function plan(objective: string, recipe: Partial<Recipe> = {}, options: Partial<PlanOptions> = {}) {
  const shapes = WIDTHS.flatMap(([index, inputs, outputs]): [string, number[]][] => [
    [`features.${index}.weight`, [outputs, inputs, 3, 3]],
    [`features.${index}.bias`, [outputs]],
  ]);
  const { network } = inferNetwork(new Map(shapes), {});
  const whole = { ...defaultRecipe, size: [224, 224] as const, ...recipe, objective };
  return planAscent(network, "caffe", parseObjective(objective, network), whole, {
    bindingLimit: 2 ** 27,
    ...options,
  });
}

/** What iteration t runs. */
export function iteration(made: Plan, t: number, settings: Settings, valued = true): Dispatch[] {
  return dispatchesAt(made, iterationOf(made, t, settings, valued));
}
