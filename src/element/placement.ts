/** Whether an objective exists in a network at a size, found out without a GPU. */
import type { Network } from "../model/network.ts";
import { layerShapes } from "../model/shapes.ts";
import { type Objective, parseObjective, placeObjective } from "../optvis/objective.ts";
import { expectAlpha } from "../optvis/params/alpha.ts";
import type { Recipe } from "../optvis/recipe.ts";

/**
 * @param onStage told what is looked at next, so that a caught error can be put beside the right control
 * @throws InputError for an unknown layer, channel or class, a size that is too small for the deepest layer
 *   asked for, a position outside its layer, an image outside the batch, or the opacity of images that are opaque
 */
export function placeInNetwork(
  network: Network,
  { objective: spec, size, batch, alpha }: Pick<Recipe, "objective" | "size" | "batch" | "alpha">,
  onStage: (stage: "objective" | "size") => void = () => {},
): Objective {
  onStage("objective");
  const objective = parseObjective(spec, network);
  expectAlpha(objective, { alpha });
  const asked = new Set(objective.terms.map(({ layer }) => layer));
  const deepest = network.layers.findLast(({ name }) => asked.has(name))?.name;
  onStage("size");
  const shapes = layerShapes(network, size, deepest === undefined ? {} : { upTo: deepest });
  onStage("objective");
  return placeObjective(objective, shapes, batch);
}
