/** `saliency`: the largest |gradient| of the three colours, pixel by pixel (Simonyan et al. 2013, arXiv:1312.6034). */
import { method } from "./method.ts";
import { attribution, gradientMap, withImage } from "./shared/attribution.ts";

export const saliency = method({
  name: "Saliency",
  sentence: "Show which pixels an objective depends on: max over colours of |gradient|.",
  caption: "which pixels the subject depends on",
  source: "Simonyan et al. 2013",
  ...attribution,
  options: {},
  examples: ["--model embedded --image photo.jpg --size 128 --objective class:goldfish --out saliency.png"],
  steps: () => 0,
  run(gpu, model, options, context) {
    return withImage(gpu, model, options, { method: "saliency", context }, (ascent, size, image) =>
      gradientMap(ascent, size, image, options.objective),
    );
  },
});
