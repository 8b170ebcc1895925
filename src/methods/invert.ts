/** `invert`: an image whose activation of a layer is the photograph's, by Adam (arXiv:1412.0035). */
import { findLayer } from "../model/shapes.ts";
import { inversionSpec } from "../optvis/terms/invert.ts";
import { method, settingsOf } from "./method.ts";
import { meanSquare, paramRow, reconstruct, reconstruction, variationRow } from "./shared/reconstruct.ts";
import { iterationsRow, rateRow, seedRow } from "./shared/rows.ts";

const options = {
  param: paramRow,
  iterations: iterationsRow({ help: "steps of Adam", default: 256 }),
  lr: rateRow({ help: "step size in RGB 0–1 units", default: 0.05 }),
  tv: variationRow(1e-5),
  seed: seedRow("of the noise it starts from"),
};

export const invert = method({
  name: "Inversion",
  sentence: "Find an image whose activation of a layer is the photograph's.",
  caption: "an image that looks the same to a layer",
  source: "Mahendran and Vedaldi 2015",
  ...reconstruction,
  options,
  examples: ["--model embedded --image photo.jpg --size 128 --layer relu3_2 --out invert.png"],
  steps: (given) => settingsOf(options, given).iterations,
  async run(gpu, model, given, context) {
    const { name } = findLayer(model.network, given.layer);
    const unit = await meanSquare(gpu, model, name, given.image);
    const scale = unit > 0 ? 1 / unit : 1;
    const ascent = { optimizer: "adam" } as const;
    // No jitter: an inversion holds every pixel in its place.
    const steps = { ...settingsOf(options, given), jitter: 0, term: inversionSpec(name), scale, ascent };
    return reconstruct(gpu, model, given.image, steps, context);
  },
});
