/** What an ascent starts from: the numbers that are optimised. */
import { InputError } from "../../errors.ts";
import { type Colours, coloursOf, type Preprocessing } from "../../nn/preprocess.ts";
import { alphaOf, alphaPlane, alphaStart } from "../../optvis/params/alpha.ts";
import { paramOf } from "../../optvis/params/param.ts";
import type { Recipe } from "../../optvis/recipe.ts";

export interface StartValues {
  /** (N,length) */
  readonly values: Float32Array<ArrayBuffer>;
  /** Of the alpha channel, (N,length), where there is one. */
  readonly alpha?: Float32Array<ArrayBuffer>;
}

/**
 * `zeros` is zeros: for pixels an input of exact zeros; `noise` is what the parameterization takes for noise,
 * image n seeded by seed + n; `photo` is the photograph in every image, opaque where it does not say otherwise.
 * @param photo colours in 0–1 units, (C,H,W) at the recipe's size, or with an alpha channel (C+1,H,W) with opacity
 */
export function startValues(
  recipe: Pick<Recipe, "batch" | "size" | "init" | "seed" | "param" | "alpha">,
  { mean }: Preprocessing,
  photo?: Float32Array,
): StartValues {
  const { batch, init, size, seed } = recipe;
  const param = paramOf(recipe.param);
  const plane = alphaPlane(recipe);
  const images = { batch, size, mean };
  const colours = coloursOf(mean);
  const still = init === "photo" ? expectPhoto(photo, recipe, colours) : undefined;
  const picture = still && param.fromPicture(still.colours, images);
  const length = param.length(size, colours);
  const zeros = param.zeros ?? (() => new Float32Array(length));
  const values = new Float32Array(batch * length);
  const alpha = plane && new Float32Array(batch * plane.length(size));
  for (let n = 0; n < batch; n++) {
    const normal = normals(seed + n);
    const one = picture ?? (init === "noise" ? param.noise : zeros)(normal, size, colours);
    values.set(one, n * one.length);
    if (plane) {
      const opacity = still ? alphaOf(plane, still.opacity, size) : alphaStart(plane, init, normal, size);
      alpha?.set(opacity, n * plane.length(size));
    }
  }
  return { values, ...(alpha && { alpha }) };
}

interface Photograph {
  readonly colours: Float32Array;
  /** (1,H,W), where it has an alpha channel. */
  readonly opacity: Float32Array | undefined;
}

function expectPhoto(
  photo: Float32Array | undefined,
  { alpha, size }: Pick<Recipe, "alpha" | "size">,
  colours: Colours,
): Photograph {
  if (!photo) throw new InputError("the start is a photograph, and none was given");
  const area = size[0] * size[1];
  const count = colours * area;
  if (photo.length === count) return { colours: photo, opacity: undefined };
  if (photo.length === count + area && alpha)
    return { colours: photo.subarray(0, count), opacity: photo.subarray(count) };
  if (photo.length === count + area) {
    throw new InputError("the photograph has an alpha channel, and the recipe has none", {
      remedy: "add one (alpha, --alpha), or give the photograph's colours over a background",
    });
  }
  throw new InputError(
    `the photograph has ${photo.length} numbers; ${colours}×${size.join("×")} are ${count}`,
  );
}

/** Values that make given images. @param pictures (N,C,H,W) in 0–1 units */
export function valuesOf(
  recipe: Recipe,
  { mean }: Preprocessing,
  pictures: Float32Array,
): Float32Array<ArrayBuffer> {
  const { batch, size } = recipe;
  const param = paramOf(recipe.param);
  const [length, pixels] = [param.length(size, coloursOf(mean)), pictures.length / batch];
  const values = new Float32Array(batch * length);
  for (let n = 0; n < batch; n++) {
    const image = pictures.subarray(n * pixels, (n + 1) * pixels);
    values.set(param.fromPicture(image, { batch, size, mean }), n * length);
  }
  return values;
}

/** Standard normal numbers by Box and Muller (1958). */
export function normals(seed: number): () => number {
  const uniform = uniforms(seed);
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Numbers between 0 and 1, neither of which they are, by mulberry32, a 32-bit counter-based generator. */
export function uniforms(seed: number): () => number {
  let counter = seed >>> 0;
  return () => {
    counter = (counter + 0x6d2b79f5) >>> 0;
    let z = Math.imul(counter ^ (counter >>> 15), counter | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return (((z ^ (z >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
}
