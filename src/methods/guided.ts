/** `guided`: the saliency map of a gradient that passes ReLUs only where it is positive (arXiv:1412.6806). */
import { method } from "./method.ts";
import { attribution, gradientMap, withImage } from "./shared/attribution.ts";

export const guided = method({
  name: "Guided backpropagation",
  sentence: "Guided backpropagation: a saliency map that follows positive gradients alone.",
  caption: "a saliency map that follows positive gradients alone",
  source: "Springenberg et al. 2015",
  ...attribution,
  options: {},
  examples: ["--model embedded --image photo.jpg --size 128 --objective class:goldfish --out guided.png"],
  steps: () => 0,
  run(gpu, model, options, context) {
    const setting = { method: "guided", context, plan: { guided: true } };
    return withImage(gpu, model, options, setting, (ascent, size, image) =>
      gradientMap(ascent, size, image, options.objective),
    );
  },
});
