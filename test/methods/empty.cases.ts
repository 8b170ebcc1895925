/** Results that show nothing say that, and why, in one line; results that show something say nothing. */

import type { Gpu } from "../../src/gpu/device.ts";
import { bench } from "../../src/methods/bench.ts";
import { fool } from "../../src/methods/fool.ts";
import { gradcam } from "../../src/methods/gradcam.ts";
import { render } from "../../src/methods/render.ts";
import type { GpuReport } from "../../src/methods/report.ts";
import { saliency } from "../../src/methods/saliency.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import { noiseImage } from "../fixtures/hashing.ts";
import type { GpuCase } from "../stacks/case.ts";
import { gpuOf } from "../support/gpu.ts";
import { type TinyParts, tinyNetwork } from "../support/tiny-network.ts";

const SHAPE = [1, 3, 12, 14];
const image = { shape: SHAPE, data: noiseImage(3, SHAPE) };
const SILENT = {
  ...defaultRecipe,
  objective: "channel:relu1_1:2",
  size: [12, 14] as const,
  iterations: 20,
};

/** No unit of the convolution fires, whatever the image is. */
const DEAD: TinyParts = { bias: -1e4 };

type Run = (
  gpu: Gpu,
  model: Awaited<ReturnType<typeof tinyNetwork>>,
) => Promise<{ readonly report: GpuReport }>;

/** What is asked, of which network, and what has to be said; undefined where there is nothing to say. */
const ASKED: readonly (readonly [name: string, network: TinyParts, run: Run, says: RegExp | undefined])[] = [
  [
    "an ascent on a unit that never fires",
    DEAD,
    (gpu, model) => render.run(gpu, model, { recipe: SILENT }),
    /^channel:relu1_1:2 stayed 0: no unit in it ever fires.*; try to start from noise, /,
  ],
  [
    "one that began from noise",
    DEAD,
    (gpu, model) => render.run(gpu, model, { recipe: { ...SILENT, init: "noise" } }),
    /; try another seed, /,
  ],
  [
    "the bench of one",
    DEAD,
    (gpu, model) => bench.run(gpu, model, { recipe: { ...SILENT, redirect: false } }),
    /stayed 0/,
  ],
  ["an ascent that moves", {}, (gpu, model) => render.run(gpu, model, { recipe: SILENT }), undefined],
  [
    "Grad-CAM without positive evidence",
    { head: -1 },
    (gpu, model) => gradcam.run(gpu, model, { objective: "class:1", image }),
    /^the map is 0 everywhere: no place of relu1_1 speaks for class:1; try -1 times the objective/,
  ],
  [
    "Grad-CAM of what has one value an image",
    {},
    (gpu, model) => gradcam.run(gpu, model, { objective: "class:1", image, layer: "logits" }),
    /^logits has one value for the whole image, so the map is the same everywhere; choose a layer/,
  ],
  [
    "Grad-CAM with evidence",
    { head: 1 },
    (gpu, model) => gradcam.run(gpu, model, { objective: "class:1", image }),
    undefined,
  ],
  [
    "a saliency map of a unit that never fires",
    DEAD,
    (gpu, model) => saliency.run(gpu, model, { objective: "channel:relu1_1:0", image }),
    /^the map is 0 everywhere: no pixel changes channel:relu1_1:0/,
  ],
  [
    "fooling a network of one output",
    { classes: 1 },
    (gpu, model) => fool.run(gpu, model, { objective: "class:0", image }),
    /^logits has one output, which is the highest whatever the image is.*; take a network with two/,
  ],
  [
    "fooling one of two",
    { classes: 2 },
    (gpu, model) => fool.run(gpu, model, { objective: "class:1", image, iterations: 1 }),
    undefined,
  ],
];

export const cases: readonly GpuCase[] = ASKED.map(([name, network, run, says]) => ({
  name: `${says ? "what is empty is said" : "nothing is said"}: ${name}`,
  once: true,
  run: async (device) => {
    const { report } = await run(gpuOf(device), await tinyNetwork(network));
    const [line, ...more] = report.remarks ?? [];
    const right = says ? line !== undefined && says.test(line) && more.length === 0 : !("remarks" in report);
    if (!right) throw new Error(`expected ${says}, got ${JSON.stringify(report.remarks)}`);
  },
}));
