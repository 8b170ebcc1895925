/**
 * Tuned settings, one for classes and one for everything else: what someone who touches nothing should
 * get. The raw defaults (`defaultRecipe`) are plain ascent; these are the ones that make good pictures.
 */

import type { Recipe } from "./recipe.ts";

export type TunedSettings = Pick<
  Recipe,
  | "param"
  | "transforms"
  | "strength"
  | "optimizer"
  | "lr"
  | "l2"
  | "blur"
  | "blurEvery"
  | "jitter"
  | "clamp"
  | "redirect"
  | "iterations"
>;

/** Class model visualization (Simonyan et al. 2013), with jitter so that the class is drawn all over. */
export const classSettings: TunedSettings = {
  param: "pixel",
  transforms: "none",
  strength: 1,
  optimizer: "rms",
  lr: 0.02,
  l2: 0,
  blur: 0,
  blurEvery: 1,
  jitter: 4,
  clamp: true,
  redirect: true,
  iterations: 200,
};

/**
 * Filter visualization: a channel, a neuron or a whole layer. A small blur after every step (Yosinski et al.
 * 2015) takes back what single pixels gain, which on networks trained without adversaries is nearly all of the
 * gradient: without it VGG-19's channels come out as saturated checks (colours at 0 or 1: 45 to 69 % of conv2_1
 * to conv3_4, with it below 1 %). Blur and rate balance each other at the contrast of a picture.
 */
export const channelSettings: TunedSettings = {
  param: "pixel",
  transforms: "none",
  strength: 1,
  optimizer: "rms",
  lr: 0.05,
  l2: 0,
  blur: 0.5,
  blurEvery: 1,
  jitter: 4,
  clamp: true,
  redirect: true,
  iterations: 128,
};

/** The tuned settings for an objective: the class ones as soon as one of its terms is a class. */
export function tunedSettings(objective: string): TunedSettings {
  return /(^|[\s*])class:/.test(objective) ? classSettings : channelSettings;
}
