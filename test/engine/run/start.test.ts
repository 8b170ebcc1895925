/** Starts: zeros, seeded noise of its own for every image, and a photograph in all of them. */
import { expect, test } from "vitest";
import { normals, startValues, uniforms, valuesOf } from "../../../src/engine/run/start.ts";
import { preprocessing } from "../../../src/model/preprocess.ts";
import { defaultRecipe, type Recipe } from "../../../src/optvis/recipe.ts";

const pre = preprocessing("unit");
const RECIPE: Recipe = { ...defaultRecipe, objective: "class:0", size: [2, 3], batch: 2, seed: 4 };
const photo = Float32Array.from({ length: 18 }, (_, i) => i / 18);

test("zeros are zeros, and of a batch image n is noise by seed + n", () => {
  expect(startValues({ ...RECIPE, init: "zeros" }, pre).values).toEqual(new Float32Array(36));
  const noise = (recipe: Partial<Recipe>) => startValues({ ...RECIPE, init: "noise", ...recipe }, pre).values;
  expect(noise({}).subarray(18)).toEqual(noise({ seed: 5, batch: 1 }));
  expect(noise({}).subarray(0, 18)).not.toEqual(noise({}).subarray(18));
});

test("a photograph is in every image, and comes back", () => {
  const { values } = startValues({ ...RECIPE, init: "photo" }, pre, photo);
  expect(values.subarray(18)).toEqual(values.subarray(0, 18));
  expect(values).toEqual(valuesOf(RECIPE, pre, Float32Array.of(...photo, ...photo)));
});

test("a photograph that is missing, of another size or transparent without need is refused", () => {
  const begin = (given?: Float32Array) => () => startValues({ ...RECIPE, init: "photo" }, pre, given);
  expect(begin()).toThrow("the start is a photograph, and none was given");
  expect(begin(new Float32Array(5))).toThrow("the photograph has 5 numbers; 3×2×3 are 18");
  expect(begin(new Float32Array(24))).toThrow(/has an alpha channel, and the recipe has none/);
});

test("random numbers repeat by seed, lie between 0 and 1, and are normal with deviation 1", () => {
  const [one, same, other] = [uniforms(7), uniforms(7), uniforms(8)];
  const drawn = Array.from({ length: 1000 }, () => one());
  expect(drawn).toEqual(Array.from({ length: 1000 }, () => same()));
  expect(drawn).not.toEqual(Array.from({ length: 1000 }, () => other()));
  for (const x of drawn) expect(x > 0 && x < 1).toBe(true);
  const normal = normals(1);
  const count = 20_000;
  const sample = Array.from({ length: count }, () => normal());
  const mean = sample.reduce((sum, x) => sum + x, 0) / count;
  const variance = sample.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count;
  // Five standard errors: 1/√n of the mean, √(2/n) of the variance.
  expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(count));
  expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
});
