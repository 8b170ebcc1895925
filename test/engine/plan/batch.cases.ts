/** Images of a batch are what they would be alone, each with a seed of its own. */
import { createAscent } from "../../../src/engine/run/ascent.ts";
import type { Gpu } from "../../../src/gpu/device.ts";
import { openModel } from "../../../src/model/model.ts";
import type { Model } from "../../../src/model/network.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { defaultRecipe, type Recipe } from "../../../src/optvis/recipe.ts";
import { MACO_CROPS } from "../../../src/optvis/transforms/transforms.ts";
import type { Assets, GpuCase } from "../../stacks/case.ts";
import { relativeL2 } from "../../support/error.ts";
import { gpuOf } from "../../support/gpu.ts";

const EMBEDDED = "weights/ascent-vgg.safetensors";

const CHANNELS = [3, 9, 1];

const BASE: Recipe = {
  ...defaultRecipe,
  ...{ size: [18, 14], batch: CHANNELS.length, init: "noise", seed: 7, iterations: 5 },
};

/** Each with other sources of chance: jitter, pads, crops, scales, turns, boxes, noise and backgrounds. */
const RECIPES: readonly Recipe[] = [
  { ...BASE, alpha: true, jitter: 3, transforms: "pad:6,crop:3,scale:0.1,rotate:10", coarse: 2, blur: 0.5 },
  { ...BASE, alpha: true, param: "fourier", transforms: "rotate:30,crop:2", optimizer: "adam" },
  { ...BASE, param: "maco", transforms: MACO_CROPS, optimizer: "nadam", lr: 1 },
  // Seeds wrap at 32 bits.
  { ...BASE, seed: 0xffff_fffe, transforms: "standard" },
];

/** Image and opacity, (N,…) each; plain kernels, which add up in the same order whatever the batch. */
async function drawn(gpu: Gpu, model: Model, recipe: Recipe, channels: readonly number[]) {
  const objective = `channel:conv2_1:${channels.join(",")}${recipe.alpha ? " - 0.5*alpha" : ""}`;
  const ascent = await createAscent(
    gpu,
    model,
    { ...recipe, objective, batch: channels.length },
    { plan: { convVariant: () => "plain" } },
  );
  for await (const _ of ascent.run({ iterations: recipe.iterations }));
  const images = [await ascent.readImage(), (await ascent.readAlpha()) ?? new Float32Array()];
  ascent.dispose();
  return images;
}

async function asAlone(device: GPUDevice, assets: Assets, recipe: Recipe): Promise<void> {
  const model = await openModel(bytesSource(EMBEDDED, await assets.read(EMBEDDED)));
  const together = await drawn(gpuOf(device), model, recipe, CHANNELS);
  for (const [n, channel] of CHANNELS.entries()) {
    const seed = (recipe.seed + n) >>> 0;
    const alone = await drawn(gpuOf(device), model, { ...recipe, seed }, [channel]);
    for (const [i, expected] of alone.entries()) {
      const got = together[i]?.subarray(n * expected.length, (n + 1) * expected.length) ?? [];
      const differs = expected.findIndex((value, at) => !Object.is(value, got[at]));
      if (differs < 0) continue;
      throw new Error(
        `image ${n} is ${relativeL2(got, expected)} off the one of seed ${seed}, first at ${differs}`,
      );
    }
  }
}

export const cases: readonly GpuCase[] = RECIPES.map((recipe) => ({
  name: `images of a batch are what they would be alone: ${recipe.param}, seed ${recipe.seed}`,
  needs: [EMBEDDED],
  run: (device, assets) => asAlone(device, assets, recipe),
}));
