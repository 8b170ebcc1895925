import { expect, it } from "vitest";
import { defaultRecipe, type Recipe } from "../../src/optvis/recipe.ts";
import { tunedSettings } from "../../src/optvis/recipes.ts";
import { openingRecipe, readLink, writeLink } from "../../src/page/link.ts";

const EMBEDDED = { file: "", fingerprint: "", reading: {} };

it("has no hash for what the page opens with", () => {
  expect(writeLink({ recipe: openingRecipe, ...EMBEDDED })).toBe("");
  expect(readLink("")).toEqual({ recipe: openingRecipe, ...EMBEDDED });
});

it("reads what it wrote, with the name of the weights", () => {
  const recipe: Recipe = {
    ...defaultRecipe,
    objective: "class:1 - 2*tv",
    size: [24, 40],
    batch: 3,
    lr: 0.25,
  };
  const network = {
    file: "a & b.safetensors",
    fingerprint: "0123abcd",
    reading: { preprocess: "mean=0.5,0.5,0.5;std=0.2,0.2,0.2", padding: 0, layers: "conv pool" },
  } as const;
  const hash = writeLink({ recipe, ...network });
  expect(readLink(hash)).toEqual({ recipe, ...network });
});

it("takes tuned settings for the subject of a short link", () => {
  const { recipe } = readLink("#objective=channel%3Aconv3_4%3A17&size=64");
  expect(recipe).toMatchObject(tunedSettings("channel:conv3_4:17", [64, 64]));
});

it("clamps what a page cannot draw, and has no photograph", () => {
  const { recipe, file } = readLink(`#batch=200&iterations=0&init=photo&lr=-1&file=${"x".repeat(500)}`);
  expect(recipe).toMatchObject({ batch: 16, iterations: 1, init: "zeros", lr: 0 });
  expect(file).toHaveLength(300);
});

it("leaves out what a stranger says of a network that makes no sense", () => {
  const { fingerprint, reading } = readLink(
    "#file=x&network=%3Cscript%3E&read-padding=7&read-preprocess=caffe",
  );
  expect(fingerprint).toBe("");
  expect(reading).toEqual({ preprocess: "caffe" });
});
