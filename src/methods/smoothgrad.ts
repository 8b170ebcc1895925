/** `smoothgrad`: the saliency map of the mean gradient of noisy copies (arXiv:1706.03825). */
import { number } from "../optvis/field.ts";
import { method, settingsOf } from "./method.ts";
import { attribution, emptyGradient, mapAndGradient, valueAt, withImage } from "./shared/attribution.ts";
import { seedRow } from "./shared/rows.ts";
import { largestByColour, meanGradient, noisy, sampleBatch } from "./shared/samples.ts";

const options = {
  samples: number({
    label: "Samples",
    help: "noisy copies",
    default: 50,
    least: 1,
    most: 1e6,
    whole: true,
  }),
  sigma: number({
    label: "Noise",
    help: "standard deviation of the noise in RGB 0–1 units",
    default: 0.15,
    least: 0,
    most: 100,
    whole: false,
  }),
  seed: seedRow("of the noise"),
};

export const smoothgrad = method({
  name: "SmoothGrad",
  sentence: "SmoothGrad: the saliency map of the mean gradient of noisy copies.",
  caption: "the mean of the saliency of noisy copies",
  source: "Smilkov et al. 2017",
  ...attribution,
  options,
  quick: { samples: 16 },
  examples: [
    "--model embedded --image photo.jpg --size 128 --objective class:goldfish --samples 20 --out smoothgrad.png",
  ],
  steps: (given) => settingsOf(options, given).samples,
  run(gpu, model, given, context) {
    const { samples, sigma, seed } = settingsOf(options, given);
    const setting = { method: "smoothgrad", context, batch: sampleBatch(given.image, samples) };
    return withImage(gpu, model, given, setting, async (ascent, size, image) => {
      const objective = await valueAt(ascent, image);
      const at = (i: number) => noisy(image, sigma, seed + i);
      const gradient = await meanGradient(ascent, samples, at, context?.onProgress);
      const tensors = mapAndGradient(largestByColour(gradient, size[0] * size[1]), gradient, size);
      return { objective, tensors, remark: emptyGradient(tensors.map, given.objective) };
    });
  },
});
