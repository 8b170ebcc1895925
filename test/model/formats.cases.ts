/** The same weights in every kind of file draw the same image, bit for bit. */
import { createAscent } from "../../src/engine/run/ascent.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import { type FormatFixture, formatFixtures } from "../fixtures/formats.ts";
import type { GpuCase } from "../stacks/case.ts";
import { expectExact } from "../support/compare.ts";
import { gpuOf } from "../support/gpu.ts";

const RECIPE = {
  ...defaultRecipe,
  ...{ objective: "channel:logits:2", size: [16, 16] as const, init: "noise" as const, blur: 0.5 },
};

async function imageOf(device: GPUDevice, format: FormatFixture): Promise<Float32Array> {
  const ascent = await createAscent(gpuOf(device), await format.openModel(), RECIPE);
  for (let i = 0; i < 5; i++) await ascent.step();
  const image = await ascent.readImage();
  ascent.dispose();
  return image;
}

async function compare(device: GPUDevice): Promise<void> {
  const [safetensors, ...others] = formatFixtures;
  if (safetensors === undefined) throw new Error("no formats");
  const wanted = await imageOf(device, safetensors);
  if (wanted.every((value) => value === wanted[0])) throw new Error("nothing moved");
  for (const format of others) expectExact(format.name, await imageOf(device, format), wanted);
}

export const cases: readonly GpuCase[] = [
  { name: "five steps with the weights in every kind of file", run: compare },
];
