/** Torchvision's whole VGG-11 with batch norm and VGG-16, with random weights: a logit's gradient to PyTorch's. */
import { createAscent } from "../../../src/engine/run/ascent.ts";
import { defaultRecipe } from "../../../src/optvis/recipe.ts";
import { type GradientFixture, randomGradientFixtures } from "../../fixtures/fixtures.ts";
import type { Assets, GpuCase } from "../../stacks/case.ts";
import { relativeL2 } from "../../support/error.ts";
import { gpuOf } from "../../support/gpu.ts";

/** Largest relative L2 error; the images leave PyTorch's float32 within 1e-5 of float64. */
const TOLERANCE = 1e-4;

async function compare(device: GPUDevice, assets: Assets, fixture: GradientFixture): Promise<void> {
  const [batch, , height, width] = fixture.shape;
  const recipe = { ...defaultRecipe, objective: fixture.objective, size: [height, width] as const, batch };
  const ascent = await createAscent(gpuOf(device), await fixture.openModel(assets), recipe);
  const { objective, gradient } = await ascent.gradient(fixture.image());
  ascent.dispose();
  const off = relativeL2(objective, fixture.expected);
  if (!(off < TOLERANCE)) throw new Error(`objective ${objective} is not ${fixture.expected}`);
  const error = relativeL2(gradient, await fixture.gradient(assets));
  if (!(error < TOLERANCE)) throw new Error(`gradient is ${error} off (relative L2)`);
}

export const cases: readonly GpuCase[] = randomGradientFixtures.map((fixture) => ({
  name: `gradient of ${fixture.name}, random weights`,
  run: (device, assets) => compare(device, assets, fixture),
  timeout: 240_000,
}));
