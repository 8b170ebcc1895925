/** The photograph that terms compare with: the target, or the start's colours, of the image's size. */
import { expect, test } from "vitest";
import { expectNoPhoto, inEveryImage, targetOf } from "../../../src/engine/plan/target-photo.ts";
import { defaultRecipe } from "../../../src/optvis/recipe.ts";
import type { Objective } from "../../../src/optvis/term.ts";

const compares = { terms: [{ kind: "invert", layer: "conv1_1", weight: 1 }] } as unknown as Objective;
const free = { terms: [{ kind: "layer", layer: "conv1_1", weight: 1 }] } as unknown as Objective;
const recipe = { ...defaultRecipe, objective: "", size: [1, 2] as const };
const [photo, target] = [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(6, 5, 4, 3, 2, 1)];

test("it is the target before the start, and only where a term compares", () => {
  expect(targetOf(compares, recipe, 3, { photo, target })).toBe(target);
  expect(targetOf(compares, recipe, 3, { photo })).toBe(photo);
  expect(targetOf(free, recipe, 3, { photo, target })).toBeUndefined();
  const transparent = Float32Array.of(...photo, 0.5, 0.5);
  expect(targetOf(compares, recipe, 3, { photo: transparent })).toEqual(photo);
});

test("none, or one of another size, is refused", () => {
  expect(() => targetOf(compares, recipe, 3, {})).toThrow(
    /invert:conv1_1 compares with a photograph, got none/,
  );
  const small = new Float32Array(3);
  expect(() => targetOf(compares, recipe, 3, { target: small })).toThrow(/got one of 3 numbers instead of 6/);
  expect(() => expectNoPhoto(compares)).toThrow(/needs transforms that keep the image's size/);
  expect(() => expectNoPhoto(free)).not.toThrow();
});

test("it stands in every image of a batch, counted from the mean colour", () => {
  const images = { batch: 2, size: recipe.size, mean: [1, 1, 2] };
  expect([...inEveryImage(photo, images)]).toEqual([0, 1, 2, 3, 3, 4, 0, 1, 2, 3, 3, 4]);
});
