/** Whole ascents: 20 steps of each optimizer from zeros follow PyTorch float64's objective. */
import { createAscent } from "../../src/engine/ascent.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import { type TrajectoryFixture, trajectoryFixtures } from "../fixtures/fixtures.ts";
import type { Assets, GpuCase } from "../stacks/case.ts";
import { relativeL2 } from "./error.ts";
import { gpuOf } from "./gpu.ts";

/** Relative L2 error of the 20 objective values. */
const TOLERANCE = 1e-3;

async function follow(device: GPUDevice, assets: Assets, fixture: TrajectoryFixture): Promise<void> {
  const { objective: spec, size, optimizer, lr, l2, blur, blurEvery, clamp, redirect, expected } = fixture;
  const model = await fixture.openModel(assets);
  const ascent = await createAscent(gpuOf(device), model, {
    ...defaultRecipe,
    ...{ objective: spec, size, optimizer, lr, l2, blur, blurEvery, clamp, redirect },
  });
  const objective: number[] = [];
  for await (const report of ascent.run({ iterations: expected.length, objective: true })) {
    for (const [value] of report.objective ?? []) objective.push(value as number);
  }
  ascent.dispose();
  const error = relativeL2(objective, expected);
  if (!(error < TOLERANCE)) throw new Error(`objective is ${error} off:\n${objective}\nnot\n${expected}`);
}

export const cases: readonly GpuCase[] = trajectoryFixtures.map((fixture) => ({
  name: `ascent by ${fixture.name}${fixture.redirect ? " with redirect" : ""}`,
  needs: fixture.needs,
  run: (device: GPUDevice, assets: Assets) => follow(device, assets, fixture),
}));
