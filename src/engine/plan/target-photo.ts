/** The photograph that an objective compares with: whether there is one, and how it gets to the network. */
import { InputError } from "../../errors.ts";
import type { Colours } from "../../nn/preprocess.ts";
import type { Images } from "../../optvis/params/param.ts";
import { pixel } from "../../optvis/params/pixel.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import { needsPhoto, type Objective, type Term } from "../../optvis/term.ts";

/** Colours in 0–1 units, (C,H,W) at the recipe's size. */
interface Photographs {
  /** The start, where it is one. */
  readonly photo?: Float32Array | undefined;
  readonly target?: Float32Array | undefined;
}

/** The photograph that the objective compares with, if it does. */
export function targetOf(
  { terms }: Objective,
  { size }: Recipe,
  colours: Colours,
  options: Photographs,
): Float32Array | undefined {
  const term = terms.find((one) => needsPhoto(one));
  if (!term) return undefined;
  const area = size[0] * size[1];
  const expected = colours * area;
  // Compared with is what it shows: of a transparent start its colours.
  const start =
    options.photo?.length === expected + area ? options.photo.subarray(0, expected) : options.photo;
  const target = options.target ?? start;
  if (target?.length === expected) return target;
  const got = target ? `one of ${target.length} numbers instead of ${expected}` : "none";
  throw missingPhoto(term, got, "give a photograph, of the image's size");
}

/** @param got instead of the photograph that the term compares with */
export function missingPhoto({ kind, layer }: Term, got: string, remedy: string): InputError {
  return new InputError(`objective: ${kind}:${layer} compares with a photograph, got ${got}`, { remedy });
}

/** A photograph as the resident image of all places of a batch, (N,C,H,W). */
export function inEveryImage(photo: Float32Array, images: Images): Float32Array<ArrayBuffer> {
  const one = pixel.fromPicture(photo, images);
  const all = new Float32Array(images.batch * one.length);
  for (let n = 0; n < images.batch; n++) all.set(one, n * one.length);
  return all;
}

/** A photograph's activations are compared place by place, so the network must see images of its size. */
export function expectNoPhoto(objective: Objective): void {
  const term = objective.terms.find((one) => needsPhoto(one));
  if (!term) return;
  throw new InputError(`objective: ${term.kind}:${term.layer} needs transforms that keep the image's size`, {
    remedy: "leave out those that pad or crop",
  });
}
