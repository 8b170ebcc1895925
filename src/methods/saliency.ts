/** `saliency`: the largest |gradient| of the three colours, pixel by pixel (Simonyan et al. 2013, arXiv:1312.6034). */
import { method } from "./method.ts";
import {
  attributionText,
  emptyGradient,
  mapAndGradient,
  mapTensors,
  withImage,
} from "./shared/attribution.ts";
import { greyMap } from "./shared/picture.ts";
import { largestByColour } from "./shared/samples.ts";

export const saliency = method({
  name: "Saliency",
  sentence: "Show which pixels an objective depends on: max over colours of |gradient|.",
  caption: "which pixels the subject depends on",
  source: "Simonyan et al. 2013",
  input: "photograph",
  subject: "objective",
  options: {},
  makes: mapTensors,
  examples: ["--model embedded --image photo.jpg --size 128 --objective class:goldfish --out saliency.png"],
  picture: { draw: greyMap },
  steps: () => 0,
  run(gpu, model, options, context) {
    return withImage(gpu, model, options, { method: "saliency", context }, async (ascent, size, image) => {
      const { objective, gradient } = await ascent.gradient(image);
      const tensors = mapAndGradient(largestByColour(gradient), gradient, size);
      const remark = emptyGradient(tensors.map, options.objective);
      return { objective: objective[0] as number, tensors, remark };
    });
  },
  summary: attributionText,
});
