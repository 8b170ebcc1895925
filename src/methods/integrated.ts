/** `integrated`: integrated gradients, each pixel's share of an objective's change from the zero input (arXiv:1703.01365). */
import { number } from "../optvis/field.ts";
import { method, settingsOf } from "./method.ts";
import { attribution, emptyGradient, mapAndGradient, valueAt, withImage } from "./shared/attribution.ts";
import { meanGradient, onPath, sampleBatch, sumByColour } from "./shared/samples.ts";

const options = {
  steps: number({
    label: "Steps",
    help: "points on the path, midpoint rule",
    default: 50,
    least: 1,
    most: 1e6,
    whole: true,
  }),
};

/**
 * (x − x′) times the mean gradient on the straight path from x′, the network's zero input, to x, by the midpoint rule.
 * Summed over the map this is nearly S(x) − S(x′); the map keeps its sign. `gradient` is the attribution of every
 * colour.
 */
export const integrated = method({
  name: "Integrated gradients",
  sentence:
    "Integrated gradients from the network's zero input to the image; the map keeps its sign and adds up to the objective's change.",
  caption: "each pixel's share of the subject's score",
  source: "Sundararajan et al. 2017",
  ...attribution,
  options,
  quick: { steps: 16 },
  examples: [
    "--model embedded --image photo.jpg --size 128 --objective class:goldfish --steps 20 --out integrated.png",
  ],
  steps: (given) => settingsOf(options, given).steps,
  run(gpu, model, given, context) {
    const { steps } = settingsOf(options, given);
    const setting = { method: "integrated", context, batch: sampleBatch(given.image, steps) };
    return withImage(gpu, model, given, setting, async (ascent, size, image) => {
      const zero = onPath(image, model.preprocess, 0);
      const [objective, baseline] = [await valueAt(ascent, image), await valueAt(ascent, zero)];
      const at = (i: number) => onPath(image, model.preprocess, (i + 0.5) / steps);
      const mean = await meanGradient(ascent, steps, at, context?.onProgress);
      const attributed = mean.map((g, i) => g * ((image[i] as number) - (zero[i] as number)));
      const tensors = mapAndGradient(sumByColour(attributed, size[0] * size[1]), attributed, size);
      return { objective, baseline, tensors, remark: emptyGradient(tensors.map, given.objective) };
    });
  },
});
