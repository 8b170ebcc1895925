/** `guided`: the saliency map of a gradient that passes ReLUs only where it is positive (arXiv:1412.6806). */
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

export const guided = method({
  name: "Guided backpropagation",
  sentence: "Guided backpropagation: a saliency map that follows positive gradients alone.",
  caption: "a saliency map that follows positive gradients alone",
  source: "Springenberg et al. 2015",
  input: "photograph",
  subject: "objective",
  options: {},
  makes: mapTensors,
  examples: ["--model embedded --image photo.jpg --size 128 --objective class:goldfish --out guided.png"],
  picture: { draw: greyMap },
  steps: () => 0,
  run(gpu, model, options, context) {
    const setting = { method: "guided", context, plan: { guided: true } };
    return withImage(gpu, model, options, setting, async (ascent, size, image) => {
      const { objective, gradient } = await ascent.gradient(image);
      const tensors = mapAndGradient(largestByColour(gradient), gradient, size);
      const remark = emptyGradient(tensors.map, options.objective);
      return { objective: objective[0] as number, tensors, remark };
    });
  },
  summary: attributionText,
});
