/** Whole networks of layers that plain VGGs lack, listed or read from names: objective and gradient against PyTorch float64. */
import { createAscent } from "../../../src/engine/run/ascent.ts";
import { defaultRecipe } from "../../../src/optvis/recipe.ts";
import { type KindsFixture, kindsFixtures } from "../../fixtures/kinds.ts";
import { namedFixtures } from "../../fixtures/named.ts";
import type { Assets, GpuCase } from "../../stacks/case.ts";
import { expectExact } from "../../support/compare.ts";
import { relativeL2 } from "../../support/error.ts";
import { gpuOf } from "../../support/gpu.ts";

/** Largest relative L2 error; the images leave PyTorch's float32 within 1e-5 of float64. */
const TOLERANCE = 1e-4;

async function compare(device: GPUDevice, assets: Assets, fixture: KindsFixture): Promise<void> {
  const model = await fixture.openModel();
  const [batch, , height, width] = fixture.shape;
  const recipe = { ...defaultRecipe, objective: fixture.objective, size: [height, width] as const, batch };
  // Few channels, or a window, of the last layer; and all of it.
  for (const wholeLayers of [false, true]) {
    const ascent = await createAscent(gpuOf(device), model, recipe, { plan: { wholeLayers } });
    const { objective, gradient } = await ascent.gradient(fixture.image());
    ascent.dispose();
    const off = relativeL2(objective, fixture.expected);
    if (!(off < TOLERANCE)) throw new Error(`objective ${objective} is not ${fixture.expected}`);
    const error = relativeL2(gradient, await fixture.gradient(assets));
    if (!(error < TOLERANCE))
      throw new Error(`gradient is ${error} off (relative L2), wholeLayers ${wholeLayers}`);
  }
}

/** Iterations begin with the redirect rule, which is for ReLUs alone: where there are none it changes nothing. */
async function compareRedirect(device: GPUDevice): Promise<void> {
  const fixture = kindsFixtures.find(({ name }) => name === "leaky ReLU, a class");
  if (!fixture) throw new Error("no such fixture");
  const images = await Promise.all(
    [true, false].map(async (redirect) => {
      const recipe = { ...defaultRecipe, objective: fixture.objective, size: [21, 22] as const, redirect };
      const ascent = await createAscent(gpuOf(device), await fixture.openModel(), recipe);
      for (let i = 0; i < 3; i++) await ascent.step();
      const image = await ascent.readImage();
      ascent.dispose();
      return image;
    }),
  );
  expectExact("image", images[0] as Float32Array, images[1] as Float32Array);
  if ((images[0] as Float32Array).every((value) => value === images[0]?.[0]))
    throw new Error("nothing moved");
}

export const cases: readonly GpuCase[] = [
  ...kindsFixtures.map((fixture) => ({
    name: `gradient of a network with its own layers: ${fixture.name}`,
    run: (device: GPUDevice, assets: Assets) => compare(device, assets, fixture),
  })),
  ...namedFixtures.map((fixture) => ({
    name: `gradient of a state dict by its names: ${fixture.name}`,
    run: (device: GPUDevice, assets: Assets) => compare(device, assets, fixture),
  })),
  { name: "redirect changes nothing behind leaky ReLUs", run: compareRedirect },
];
