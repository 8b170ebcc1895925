/**
 * Tuned settings, one for classes and one for everything else: what someone who touches nothing should
 * get. The raw defaults (`defaultRecipe`) are plain ascent; these are the ones that make good pictures.
 */

import { mentions } from "./algebra.ts";
import { type AscentField, plainAscent, type Recipe } from "./recipe.ts";

/** How the ascent goes: every field of that group, so that what was set before leaves no trace. */
export type TunedSettings = Pick<Recipe, AscentField>;

/** Class model visualization (Simonyan et al. 2013), with jitter, begun at half the size so that there is one subject. */
export const classSettings: TunedSettings = {
  ...plainAscent,
  lr: 0.01,
  jitter: 4,
  clamp: true,
  coarse: 128,
  iterations: 192,
};

/**
 * Filter visualization: a channel, a neuron or a whole layer. A small blur after every step (Yosinski et al. 2015)
 * takes back what single pixels gain, which on networks trained without adversaries is nearly all of the gradient:
 * without it VGG-19's channels come out as saturated checks. Blur and rate balance each other at the contrast of a
 * picture. The transforms are Lucid's but for the sizes: the image, framed in grey, is moved by up to 4 pixels, scaled
 * and turned, and the network sees as many pixels as there are. Against Lucid's recipe: test/bench/README.md.
 */
export const channelSettings: TunedSettings = {
  ...plainAscent,
  transforms: "pad:4,crop:8,scale:0.1,rotate:10",
  lr: 0.05,
  blur: 0.45,
  clamp: true,
  iterations: 128,
};

/** Sides below this are not begun at half: the embedded network sees whole things at 64 pixels, none at 32. */
const LEAST_SIDE_TO_HALVE = 96;

/** The tuned settings for an objective: the class ones as soon as one of its terms is a class. */
export function tunedSettings(objective: string, size: Recipe["size"]): TunedSettings {
  const settings = mentions(objective, "class") ? classSettings : channelSettings;
  return Math.min(...size) < LEAST_SIDE_TO_HALVE ? { ...settings, coarse: 0 } : settings;
}
