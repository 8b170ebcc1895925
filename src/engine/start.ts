/** What an ascent starts from: the resident image u = RGB − mean, (N,3,H,W). */
import { InputError } from "../errors.ts";
import type { Preprocessing } from "../model/preprocess.ts";
import type { Recipe } from "../optvis/recipe.ts";

/** Standard deviation of the noise start, in RGB 0–1 units. */
const NOISE = 0.01;

/**
 * `zeros` is an input of exact zeros; `noise` is 0.01·N(0,1) around it, image n seeded by seed + n; `photo`
 * is the photograph in every image.
 * @param photo RGB in 0–1 units, (3,H,W) at the recipe's size
 */
export function startImage(
  recipe: Recipe,
  { mean }: Preprocessing,
  photo?: Float32Array,
): Float32Array<ArrayBuffer> {
  const [height, width] = recipe.size;
  const area = height * width;
  const image = new Float32Array(recipe.batch * 3 * area);
  if (recipe.init === "noise") {
    for (let n = 0; n < recipe.batch; n++) {
      const normal = normals(recipe.seed + n);
      for (let i = 0; i < 3 * area; i++) image[n * 3 * area + i] = NOISE * normal();
    }
  }
  if (recipe.init === "photo") {
    if (!photo) throw new InputError("the start is a photograph, and none was given");
    if (photo.length !== 3 * area) {
      throw new InputError(
        `the photograph has ${photo.length} numbers; 3×${height}×${width} are ${3 * area}`,
      );
    }
    for (let i = 0; i < image.length; i++) {
      image[i] = (photo[i % (3 * area)] as number) - (mean[Math.floor(i / area) % 3] as number);
    }
  }
  return image;
}

/** Standard normal numbers by Box and Muller (1958) from mulberry32, a 32-bit counter-based generator. */
function normals(seed: number): () => number {
  let counter = seed >>> 0;
  const uniform = () => {
    counter = (counter + 0x6d2b79f5) >>> 0;
    let z = Math.imul(counter ^ (counter >>> 15), counter | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return (((z ^ (z >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
