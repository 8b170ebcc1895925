/** Whole ascents: 20 steps of each optimizer from zeros follow PyTorch float64's objective. */
import { createAscent } from "../../src/engine/ascent.ts";
import { Gpu } from "../../src/gpu/device.ts";
import { openModel } from "../../src/model/model.ts";
import type { Preprocess } from "../../src/model/network.ts";
import { bytesSource } from "../../src/model/source.ts";
import { defaultRecipe, type Recipe } from "../../src/optvis/recipe.ts";
import fixtures from "../fixtures/trajectories.json" with { type: "json" };
import type { Assets, GpuCase } from "../stacks/case.ts";
import { relativeL2 } from "./error.ts";

type Fixture = (typeof fixtures)[number];

/** Relative L2 error of the 20 objective values. */
const TOLERANCE = 1e-3;

function recipeOf(fixture: Fixture): Recipe {
  const { objective, optimizer, size, lr, l2, blur, blurEvery, clamp, redirect } = fixture;
  const [height = 0, width = 0] = size;
  return {
    ...defaultRecipe,
    ...{ objective, lr, l2, blur, blurEvery, clamp, redirect },
    optimizer: optimizer as Recipe["optimizer"],
    size: [height, width],
    iterations: fixture.expected.length,
  };
}

async function follow(device: GPUDevice, assets: Assets, fixture: Fixture): Promise<void> {
  const weights = await assets.read(`../shared/data/weights/${fixture.file}`);
  const preprocess = fixture.preprocess as Preprocess;
  const model = await openModel(bytesSource(fixture.file, weights), { preprocess });
  const recipe = recipeOf(fixture);
  const ascent = await createAscent(new Gpu(device, ""), model, recipe);
  const objective: number[] = [];
  for await (const report of ascent.run({ iterations: recipe.iterations, objective: true })) {
    for (const [value] of report.objective ?? []) objective.push(value as number);
  }
  ascent.dispose();
  const error = relativeL2(objective, fixture.expected);
  if (!(error < TOLERANCE))
    throw new Error(`objective is ${error} off:\n${objective}\nnot\n${fixture.expected}`);
}

export const cases: readonly GpuCase[] = fixtures.map((fixture) => ({
  name: `ascent by ${fixture.name}${fixture.redirect ? " with redirect" : ""}`,
  needs: [`../shared/data/weights/${fixture.file}`],
  run: (device: GPUDevice, assets: Assets) => follow(device, assets, fixture),
}));
