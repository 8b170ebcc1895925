/** What the network sees of the resident image: itself, or, with an alpha channel, its composite with a background. */
import type { Dispatch } from "../../gpu/dispatch.ts";
import { ALPHA_GRADIENT, alphaName, compositePasses } from "../../optvis/params/alpha.ts";
import { background } from "../../optvis/params/background.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import type { Allocation } from "./memory.ts";

/** Buffers that hold what is seen and where its gradient is expected, the passes there and back. */
export interface Seen {
  readonly image: string;
  readonly gradient: string;
  /** Over a random background, drawn anew each iteration. */
  readonly enter: readonly Dispatch[];
  readonly leave: readonly Dispatch[];
  /** Over the mean colour, which is the same every time. */
  readonly enterStill: readonly Dispatch[];
  readonly leaveStill: readonly Dispatch[];
}

/** @param mean 0–1, that the resident image is counted from */
export function planSeen(
  { alpha, batch, size, seed }: Pick<Recipe, "alpha" | "batch" | "size" | "seed">,
  mean: readonly number[],
  { image, gradient, state }: Readonly<Record<"image" | "gradient" | "state", string>>,
  memory: Allocation,
): Seen {
  if (!alpha) return { image, gradient, enter: [], leave: [], enterStill: [], leaveStill: [] };
  const images = { batch, size, mean };
  const bytes = 4 * mean.length * batch * size[0] * size[1];
  const behind = memory.buffer("background", "image", bytes);
  const composite = memory.buffer("composite", "image", bytes);
  const buffers = {
    ...{ image, alpha: alphaName(image), background: behind, composite },
    ...{ gradient, alphaGradient: ALPHA_GRADIENT },
  };
  const moving = compositePasses(images, false, buffers);
  const still = compositePasses(images, true, buffers);
  return {
    image: composite,
    gradient: composite,
    enter: [...background(images, seed, { state, output: behind }, memory), moving.forward],
    leave: [moving.backward],
    enterStill: [still.forward],
    leaveStill: [still.backward],
  };
}
