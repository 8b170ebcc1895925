import { expect, it } from "vitest";
import type { Network } from "../../src/model/network.ts";
import { defaultRecipe, type Recipe } from "../../src/optvis/recipe.ts";
import { channelSettings, classSettings } from "../../src/optvis/recipes.ts";
import { fittingRecipe } from "../../src/page/subject.ts";
import { changedRecipe, isTuned } from "../../src/page/tuned.ts";

const CLASS: Recipe = { ...defaultRecipe, ...classSettings, objective: "class:1" };

/** Whose head takes what a side of 128 leaves: no other size, and not the half of it. */
const FLATTENS: Network = {
  name: "VGG-style",
  classes: ["a", "b"],
  layers: [
    { kind: "conv", name: "conv1_1", inputChannels: 3, outputChannels: 4, padding: 1 },
    { kind: "relu", name: "relu1_1" },
    { kind: "linear", name: "logits", inputFeatures: 4 * 128 * 128, outputFeatures: 2 },
  ],
} as Network;
const WITHOUT_HEAD: Network = { ...FLATTENS, classes: [], layers: FLATTENS.layers.slice(0, 2) };

it("lets settings that nobody touched follow the subject and the size", () => {
  expect(isTuned(CLASS, undefined)).toBe(true);
  expect(changedRecipe(CLASS, { objective: "channel:conv1_1:0" }, undefined, undefined)).toMatchObject(
    channelSettings,
  );
  expect(changedRecipe(CLASS, { size: [64, 64] }, undefined, undefined)).toMatchObject({
    ...classSettings,
    coarse: 0,
  });
});

it("keeps what somebody set, and lets the others follow", () => {
  const changed = changedRecipe(CLASS, { lr: 0.5 }, undefined, undefined);
  expect(changed).toEqual({ ...CLASS, lr: 0.5 });
  expect(isTuned(changed, undefined)).toBe(false);
  expect(changedRecipe(changed, { objective: "channel:conv1_1:0" }, undefined, undefined)).toMatchObject({
    ...channelSettings,
    lr: 0.5,
  });
});

it("leaves a recipe alone that is somebody's own", () => {
  const own: Recipe = { ...CLASS, lr: 0.5, jitter: 9, blur: 2, iterations: 7 };
  expect(changedRecipe(own, { objective: "channel:conv1_1:0" }, undefined, undefined)).toEqual({
    ...own,
    objective: "channel:conv1_1:0",
  });
});

it("begins at the whole size where the network takes no half of it", () => {
  const recipe: Recipe = { ...CLASS, size: [128, 128] };
  const { coarse, size } = fittingRecipe(recipe, FLATTENS, undefined);
  expect({ coarse, size }).toEqual({ coarse: 0, size: [128, 128] });
  expect(isTuned(fittingRecipe(recipe, FLATTENS, undefined), FLATTENS)).toBe(true);
});

it("takes the size that a head wants, however small or odd it is", () => {
  for (const side of [8, 83]) {
    const head = { kind: "linear", name: "logits", inputFeatures: 4 * side ** 2, outputFeatures: 2 };
    const small = { ...FLATTENS, layers: [...FLATTENS.layers.slice(0, -1), head] } as Network;
    expect(fittingRecipe({ ...CLASS, size: [128, 128] }, small, FLATTENS).size).toEqual([side, side]);
  }
});

it("takes the settings of a channel where a network without classes is opened, and those of a class back", () => {
  const opened = fittingRecipe({ ...CLASS, size: [128, 128], coarse: 0 }, WITHOUT_HEAD, FLATTENS);
  expect(opened).toMatchObject({ ...channelSettings, objective: "channel:conv1_1:0" });
});
