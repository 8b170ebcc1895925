/** Standardised pictures against NumPy. */
import { expect, test } from "vitest";
import { standardized } from "../../src/optvis/standardize.ts";

/** Two images of 2×2, RGB in 0–1 units; the second is pale. */
const IMAGES = [
  [0.1, 0.9, 0.25, 0.4, 0.3, 0.55, 0.8, 0.05, 0.6, 0.7, 0.2, 1.3],
  [0.406, 0.407, 0.402, 0.413, 0.403, 0.4055, 0.408, 0.4005, 0.401, 0.409, 0.4025, 0.404],
].flat();

/**
 * NumPy in float64, of each image x from −1 to 1 as the Keras example has them:
 * `x = 2*rgb - 1; x -= x.mean(); x /= x.std() + 1e-5; x * 0.15 + 0.5`.
 */
const SHOWN = [
  [
    0.32532076, 0.66409262, 0.38884048, 0.45236021, 0.41001372, 0.51587993, 0.62174614, 0.30414752,
    0.53705317, 0.57939965, 0.36766724, 0.83347855,
  ],
  [
    0.53700147, 0.57928885, 0.36785191, 0.83301319, 0.4101393, 0.51585777, 0.62157624, 0.30442083, 0.32556452,
    0.66386363, 0.3889956, 0.45242669,
  ],
].flat();

test("every image by itself, as NumPy has it", () => {
  const shown = standardized(Float32Array.from(IMAGES), 2);
  expect(shown).toHaveLength(SHOWN.length);
  // The pale image's numbers are rounded to 2⁻²⁵ and then stretched by 43.
  for (const [i, value] of SHOWN.entries()) expect(Math.abs(shown[i]! - value)).toBeLessThan(3e-6);
});

test("an image of one grey stays grey", () => {
  expect([...standardized(new Float32Array(12).fill(0.25), 1)]).toEqual(Array(12).fill(0.5));
});
