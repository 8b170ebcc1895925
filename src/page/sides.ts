/** Sides of square images that a network takes. */
import { placeInNetwork } from "../element/placement.ts";
import type { Network } from "../model/network.ts";
import { layerShapes } from "../model/shapes.ts";
import { defaultRecipe, type Recipe } from "../optvis/recipe.ts";

/** To try where the network does not take the one that is wanted. */
const SIDES = [64, 96, 128, 224, 256, 32, 28, 48, 112, 160, 192, 299] as const;

/** The largest side that is tried where no usual one does. */
const LARGEST = 512;

/** A subject: a layer, which need not be all of the network, or an objective. */
export type SideSubject =
  | { readonly layer: string }
  | (Pick<Recipe, "objective"> & Partial<Pick<Recipe, "alpha" | "batch">>);

/** The wanted side where the network takes it for the subject, else a usual one, else the smallest. Where none fits it is the wanted one. */
export function sideFor(network: Network, subject: SideSubject, wanted: number): number {
  const fits = (side: number): boolean => {
    try {
      if ("layer" in subject) layerShapes(network, [side, side], { upTo: subject.layer });
      else placeInNetwork(network, { ...defaultRecipe, ...subject, size: [side, side] });
      return true;
    } catch {
      return false;
    }
  };
  const all = Array.from({ length: LARGEST }, (_, i) => i + 1);
  return [wanted, ...SIDES, ...all].find(fits) ?? wanted;
}
