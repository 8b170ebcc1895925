/** Every kind of objective, the whole way down and back, against PyTorch float64 on the real VGG-19. */
import { createAscent } from "../../src/engine/run/ascent.ts";
import type { Preprocess } from "../../src/model/network.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import { openWeights, readFloats } from "../fixtures/fixtures.ts";
import { noiseImage } from "../fixtures/hashing.ts";
import fixtures from "../fixtures/objectives.json" with { type: "json" };
import type { Assets, GpuCase } from "../stacks/case.ts";
import { relativeL2 } from "../support/error.ts";
import { gpuOf } from "../support/gpu.ts";

type Fixture = (typeof fixtures)[number];

/** Largest relative L2 error, as for the gradients of plain objectives. */
const TOLERANCE = 1e-4;

async function compare(device: GPUDevice, assets: Assets, fixture: Fixture): Promise<void> {
  const { objective, seed, photoSeed } = fixture;
  const model = await openWeights(assets, fixture.file, fixture.preprocess as Preprocess);
  const [batch, , height, width] = fixture.shape as [number, number, number, number];
  const recipe = { ...defaultRecipe, objective, size: [height, width] as const, batch };
  const target = noiseImage(photoSeed, [1, 3, height, width]);
  const ascent = await createAscent(gpuOf(device), model, recipe, { target });
  const result = await ascent.gradient(noiseImage(seed, fixture.shape));
  ascent.dispose();
  const off = relativeL2(result.objective, fixture.expected);
  if (!(off < TOLERANCE)) throw new Error(`objective ${result.objective} is not ${fixture.expected}`);
  const error = relativeL2(
    result.gradient,
    await readFloats(assets, "test/fixtures/objectives.safetensors", fixture.name),
  );
  if (!(error < TOLERANCE)) throw new Error(`gradient is ${error} off (relative L2)`);
}

export const cases: readonly GpuCase[] = fixtures.map((fixture) => ({
  name: `objective: ${fixture.name}, ${fixture.objective}`,
  needs: [`../shared/data/weights/${fixture.file}`],
  run: (device, assets) => compare(device, assets, fixture),
}));
