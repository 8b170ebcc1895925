/** Whether there are as many images at once as an objective is about. */

import { InputError } from "../errors.ts";
import { recipeFields } from "../optvis/recipe-fields.ts";
import { comparesImages, imagesOf, isPenalty, type Objective } from "../optvis/term.ts";
import { remark } from "./running.ts";

/**
 * @param tell is told what the objective leaves out, or what says nothing, with fewer images than it is about
 * @throws InputError where nothing is left to ascend
 */
export function checkBatch({ terms }: Objective, batch: number, tell = remark): void {
  const layered = terms.filter((term) => !isPenalty(term));
  const comparing = layered.filter(comparesImages);
  if (batch === 1 && comparing[0]) {
    const text = `objective: ${comparing[0].kind} compares the images of a batch, got one image`;
    const remedy = "draw several: --batch 4";
    if (comparing.length === layered.length) throw new InputError(text, { remedy });
    tell(`${text}; ${remedy}`);
  }
  for (const term of layered) {
    const count = imagesOf(term);
    if (count <= batch) continue;
    const most = Math.min(count, recipeFields.batch.most);
    tell(`objective: ${batch} of ${count} channels drawn, one an image; --batch ${most} for ${most} of them`);
  }
}
