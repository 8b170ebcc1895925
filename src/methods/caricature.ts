/** `caricature`: what a layer sees in a photograph, exaggerated. */

import { findLayer, layerChannels } from "../model/shapes.ts";
import { channelSettings } from "../optvis/recipes.ts";
import { caricatureSpec } from "../optvis/terms/caricature.ts";
import { method, settingsOf } from "./method.ts";
import { meanSquare, paramRow, reconstruct, reconstruction, variationRow } from "./shared/reconstruct.ts";
import { iterationsRow, jitterRow, powerRow, rateRow, seedRow } from "./shared/rows.ts";

const options = {
  param: paramRow,
  iterations: iterationsRow({ help: "steps", default: 128 }),
  lr: rateRow({ help: "step size in RGB 0–1 units", default: channelSettings.lr }),
  tv: variationRow(0),
  seed: seedRow("of the noise it starts from"),
  power: powerRow("P of cosᵖ"),
  jitter: jitterRow(4),
};

/** The tuned settings of channels, in which the image stays in its place, as it is compared place by place. */
const PLACED = { ...channelSettings, transforms: "none" } as const;

export const caricature = method({
  name: "Caricature",
  sentence: "Exaggerate what a layer sees in a photograph: dot × cosᵖ with its activation.",
  caption: "what a layer sees, exaggerated",
  source: "Lucid",
  ...reconstruction,
  options,
  examples: ["--model embedded --image photo.jpg --size 128 --layer relu3_2 --out caricature.png"],
  steps: (given) => settingsOf(options, given).iterations,
  async run(gpu, model, given, context) {
    const { power, ...steps } = settingsOf(options, given);
    const { name } = findLayer(model.network, given.layer);
    // The channels are added up, where an inversion takes their mean.
    const unit = (await meanSquare(gpu, model, name, given.image)) * layerChannels(model.network, name);
    const term = caricatureSpec(name, power);
    const scale = unit > 0 ? 1 / unit : 1;
    return reconstruct(gpu, model, given.image, { ...steps, term, scale, ascent: PLACED }, context);
  },
});
