/** The recipe in a PNG: what one writer says another reads, and damaged files say nothing false. */
import { encode } from "fast-png";
import { expect, test } from "vitest";
import { writePicture } from "../../src/cli/pictures.ts";
import { encodePng } from "../../src/element/png.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import { pngText, recipeTextOf } from "../../src/optvis/recipe-picture.ts";

const picture = { rgb: new Float32Array(12), size: [2, 2] as const };
const json = JSON.stringify({ objective: 'class:"Käfer 甲虫"' });

test("a picture's recipe and the other things that it says are found again", async () => {
  const bytes = await encodePng(picture, { Software: "Ascent", Description: json });
  expect(Object.fromEntries(pngText(bytes))).toEqual({ Software: "Ascent", Description: json });
  expect(recipeTextOf(bytes)).toBe(json);
  const shifted = new Uint8Array([1, 2, 3, ...bytes]).subarray(3);
  expect(recipeTextOf(shifted)).toBe(json);
});

test("the command line's pictures carry theirs", () => {
  const recipe = { ...defaultRecipe, objective: 'class:"Käfer 甲虫"' };
  const bytes = writePicture(picture.rgb, picture.size, undefined, recipe);
  expect(JSON.parse(recipeTextOf(bytes) ?? "")).toEqual(recipe);
});

test("pictures without one, other descriptions, other files and files cut short have none", async () => {
  expect(recipeTextOf(encode({ width: 1, height: 1, data: new Uint8Array(3), channels: 3 }))).toBeUndefined();
  expect(recipeTextOf(await encodePng(picture, { Description: "A sunset" }))).toBeUndefined();
  expect(recipeTextOf(new TextEncoder().encode(json))).toBeUndefined();
  const bytes = await encodePng(picture, { Description: json });
  for (let length = 0; length < 60; length++) expect(recipeTextOf(bytes.subarray(0, length))).toBeUndefined();
});
