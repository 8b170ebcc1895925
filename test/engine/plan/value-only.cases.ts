/**
 * What only the objective's value needs is left out where nobody asks for it: the ascent is the same to the bit, and
 * that of the plain plan, which computes whole layers, all of them, always.
 */

import { iterationOf } from "../../../src/engine/plan/iteration.ts";
import type { PlanOptions } from "../../../src/engine/plan/plan.ts";
import { createAscent } from "../../../src/engine/run/ascent.ts";
import { dispatchesAt } from "../../../src/gpu/program.ts";
import { openModel } from "../../../src/model/model.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { defaultRecipe, type Recipe } from "../../../src/optvis/recipe.ts";
import type { Assets, GpuCase } from "../../stacks/case.ts";
import { relativeL2 } from "../../support/error.ts";
import { gpuOf } from "../../support/gpu.ts";

const EMBEDDED = "weights/ascent-vgg.safetensors";
const ITERATIONS = 3;

interface Ascended {
  readonly image: Float32Array;
  /** Labels of an iteration's dispatches. */
  readonly labels: readonly string[];
}

async function ascend(
  device: GPUDevice,
  assets: Assets,
  recipe: Recipe,
  objective: boolean,
  plan: Omit<PlanOptions, "bindingLimit">,
): Promise<Ascended> {
  const model = await openModel(bytesSource(EMBEDDED, await assets.read(EMBEDDED)));
  const ascent = await createAscent(gpuOf(device), model, recipe, { plan });
  const reported: number[] = [];
  for await (const progress of ascent.run({ iterations: ITERATIONS, objective }))
    reported.push(...(progress.objective ?? []).flat());
  if (reported.length !== (objective ? ITERATIONS * recipe.batch : 0))
    throw new Error(`${reported.length} objective values`);
  const image = await ascent.readImage();
  const labels = dispatchesAt(ascent.plan, iterationOf(ascent.plan, 0, recipe, objective)).map(
    ({ label }) => label,
  );
  ascent.dispose();
  return { image, labels };
}

interface Unheard {
  readonly objective: string;
  readonly recipe?: Partial<Recipe>;
  /** What is left out of an iteration. */
  readonly without: readonly string[];
}

async function sameUnheard(device: GPUDevice, assets: Assets, one: Unheard): Promise<void> {
  const recipe: Recipe = {
    ...defaultRecipe,
    ...{ size: [33, 36], batch: 2, init: "noise", seed: 4 },
    ...one.recipe,
    objective: one.objective,
  };
  const single = { convVariant: () => "single" as const };
  const heard = await ascend(device, assets, recipe, true, single);
  const unheard = await ascend(device, assets, recipe, false, single);
  const plain = await ascend(device, assets, recipe, true, { ...single, wholeLayers: true });
  const left = heard.labels.filter((label) => !unheard.labels.includes(label));
  if (left.join() !== one.without.join()) throw new Error(`left out: ${left.join()}`);
  const differs = unheard.image.findIndex((value, i) => !Object.is(value, heard.image[i]));
  if (differs >= 0) throw new Error(`image[${differs}] is ${unheard.image[differs]} unheard`);
  const off = relativeL2(unheard.image, plain.image);
  if (!(off < 1e-5)) throw new Error(`the image is ${off} off that of the plain plan`);
}

const ALL: readonly Unheard[] = [
  {
    objective: "channel:conv3_1:7",
    without: ["conv3_1 forward", "conv3_1 channel forward", "objective"],
  },
  {
    objective: "class:3",
    recipe: { l2: 1e-3 },
    without: ["avgpool forward", "logits forward", "logits neuron forward", "l2 forward", "objective"],
  },
  {
    objective: "channel:relu3_1:7 + 0.5*channel:conv2_1:1",
    without: ["conv2_1 channel forward", "relu3_1 channel forward", "objective"],
  },
  {
    objective: "layer:conv2_2 - 0.1*neuron:conv3_1:3",
    without: ["conv2_2 layer forward", "conv3_1 forward", "conv3_1 neuron forward", "objective"],
  },
  { objective: "layer:conv2_2", without: ["conv2_2 layer forward", "objective"] },
  { objective: "direction:conv2_2:1=1,2=-2^1", without: ["conv2_2 direction forward", "objective"] },
  { objective: "channel:conv1_1:1", without: ["conv1_1 forward", "conv1_1 channel forward", "objective"] },
];

export const cases: readonly GpuCase[] = ALL.map((one) => ({
  name: `the same ascent without its objective's value: ${one.objective}`,
  run: (device, assets) => sameUnheard(device, assets, one),
}));
