/** The table of fields, against links, JSON and settings as they were before there was a table. */
import { expect, test } from "vitest";
import { createAscent } from "../../src/engine/run/ascent.ts";
import { InputError } from "../../src/errors.ts";
import type { Gpu } from "../../src/gpu/device.ts";
import type { Model } from "../../src/model/network.ts";
import { checkValue, expected } from "../../src/optvis/field.ts";
import {
  defaultRecipe,
  liveFields,
  plainAscent,
  recipeFieldNames,
  recipeRow,
} from "../../src/optvis/recipe.ts";
import { checkRecipe, parseRecipe, recipeFromQuery, recipeToQuery } from "../../src/optvis/recipe-text.ts";
import { tunedSettings } from "../../src/optvis/recipes.ts";

const PLAIN_LINK =
  "objective=channel%3Aconv1_1%3A0&size=128x128&batch=1&init=zeros&param=pixel&share=0&alpha=off&optimizer=rms&lr=0.05&l2=0&decay=0&blur=0&blurEvery=1&blurGradient=0&clipNorm=0&clipContribution=0&jitter=0&transforms=none&strength=1&clamp=off&redirect=on&standardize=off&coarse=0&seed=0&iterations=100";

const LINK =
  "objective=class%3A%22king+penguin%22+-+0.5*channel%3Aconv1_1%3A3&size=96x128&batch=4&init=noise&param=fourier&share=2.5&alpha=on&optimizer=adam&lr=0.0125&l2=1e-7&decay=0.001&blur=0.45&blurEvery=4&blurGradient=0.5&clipNorm=20&clipContribution=90.5&jitter=16&transforms=pad%3A4%2Ccrop%3A8%2Cscale%3A0.1%2Crotate%3A10&strength=0.75&clamp=on&redirect=off&standardize=on&coarse=0&seed=4294967295&iterations=512";

const JSON_TEXT =
  '{"objective":"class:\\"king penguin\\" - 0.5*channel:conv1_1:3","size":[96,128],"batch":4,"init":"noise","param":"fourier","share":2.5,"alpha":true,"optimizer":"adam","lr":0.0125,"l2":1e-7,"decay":0.001,"blur":0.45,"blurEvery":4,"blurGradient":0.5,"clipNorm":20,"clipContribution":90.5,"jitter":16,"transforms":"pad:4,crop:8,scale:0.1,rotate:10","strength":0.75,"clamp":true,"redirect":false,"standardize":true,"coarse":0,"seed":4294967295,"iterations":512}';

/** The part of a link that is about the fields that another has, in the order of the link. */
function like(link: string, other: string): string {
  const fields = new URLSearchParams(other);
  return new URLSearchParams([...new URLSearchParams(link)].filter(([key]) => fields.has(key))).toString();
}

test("links are written and read as before", () => {
  expect(like(recipeToQuery(defaultRecipe), PLAIN_LINK)).toBe(PLAIN_LINK);
  expect(recipeFromQuery(PLAIN_LINK)).toEqual(defaultRecipe);
  const recipe = recipeFromQuery(LINK);
  expect(recipe).toMatchObject(JSON.parse(JSON_TEXT));
  expect(like(recipeToQuery(recipe), LINK)).toBe(LINK);
});

test("a careless link is read as before", () => {
  const link =
    "objective=x&size=0x9000&lr=-1&seed=1.5&clamp=1&redirect=0&param=none&transforms=bad&share=0x10&jitter=+3&blurEvery=0";
  expect(recipeFromQuery(link)).toEqual({
    ...defaultRecipe,
    ...{
      objective: "x",
      size: [1, 4096],
      lr: 0,
      seed: 2,
      clamp: true,
      redirect: false,
      share: 16,
      jitter: 3,
    },
  });
});

test("JSON is read and written as before, in the order of the rows", () => {
  const fields = Object.keys(JSON.parse(JSON_TEXT));
  expect(JSON.stringify(parseRecipe(JSON_TEXT), fields)).toBe(JSON_TEXT);
});

test("every default is a value that its row allows", () => {
  for (const name of recipeFieldNames) {
    const row = recipeRow(name);
    expect(checkValue(name, row, row.default)).toEqual(row.default);
  }
});

test.each(recipeFieldNames)("%s refuses what its row does not take, and says what it takes", (name) => {
  const row = recipeRow(name);
  const bad = row.kind === "number" ? row.most + 1 : row.kind === "size" ? [0, row.least] : 7;
  const check = () => checkRecipe({ ...defaultRecipe, [name]: bad });
  expect(check).toThrow(InputError);
  expect(check).toThrow(`${name} expects ${expected(row)}, got ${JSON.stringify(bad)}`);
});

test("an objective may be as long as a direction over 512 channels", () => {
  const weights = Array.from({ length: 512 }, (_, i) => `${i}=-0.0123456789012345`);
  const objective = `direction:conv4_1:${weights.join(",")}^2`;
  expect(checkRecipe({ ...defaultRecipe, objective }).objective).toBe(objective);
  expect(recipeFromQuery(new URLSearchParams({ objective })).objective).toBe(objective);
});

test("tuned settings are about how the ascent goes, and about all of it", () => {
  expect(Object.keys(tunedSettings("class:1", [128, 128]))).toEqual(Object.keys(plainAscent));
  expect(tunedSettings("class:1", [128, 128])).toMatchObject({
    ...{
      param: "pixel",
      transforms: "none",
      strength: 1,
      optimizer: "rms",
      lr: 0.01,
      l2: 0,
      decay: 0,
      blur: 0,
    },
    ...{ blurEvery: 1, blurGradient: 0, clipNorm: 0, clipContribution: 0, jitter: 4, clamp: true },
    ...{ redirect: true, standardize: false, coarse: 128, iterations: 192 },
  });
});

test("the fields that are steered while running", () => {
  expect(liveFields).toEqual(
    expect.arrayContaining(["lr", "l2", "decay", "blur", "blurEvery", "blurGradient"]),
  );
  expect(liveFields).toEqual(expect.arrayContaining(["clipNorm", "clipContribution", "strength"]));
  for (const field of ["seed", "jitter", "size", "iterations"]) expect(liveFields).not.toContain(field);
});

test("a misspelt field is refused, and the nearest one named", async () => {
  const misspelt = { ...defaultRecipe, itterations: 3 };
  expect(() => checkRecipe(misspelt)).toThrow(
    'recipe has the unknown field "itterations"; did you mean iterations?',
  );
  await expect(createAscent({} as Gpu, {} as Model, misspelt)).rejects.toThrow(InputError);
});
