/** Whole ascents from zeros follow PyTorch float64's objective: 20 steps of each optimizer, 50 of each named recipe. */
import { createAscent } from "../../../src/engine/run/ascent.ts";
import type { Model } from "../../../src/model/network.ts";
import { recipeNames, recipeSettings } from "../../../src/optvis/named-recipes.ts";
import { defaultRecipe, type Recipe } from "../../../src/optvis/recipe.ts";
import { channelSettings } from "../../../src/optvis/recipes.ts";
import {
  type RecipeFixture,
  type RecipeNumbers,
  recipeFixtures,
  type TrajectoryFixture,
  trajectoryFixtures,
} from "../../fixtures/fixtures.ts";
import type { Assets, GpuCase } from "../../stacks/case.ts";
import { relativeL2 } from "../../support/error.ts";
import { gpuOf } from "../../support/gpu.ts";

/** Relative L2 error of the objective values. */
const TOLERANCE = 1e-3;

async function follow(device: GPUDevice, assets: Assets, fixture: TrajectoryFixture): Promise<void> {
  const { objective: spec, size, optimizer, lr, l2, blur, blurEvery, clamp, redirect, expected } = fixture;
  const model = await fixture.openModel(assets);
  const settings = { optimizer, lr, l2, blur, blurEvery, clamp, redirect };
  await expectObjective(device, model, { ...defaultRecipe, objective: spec, size, ...settings }, expected);
}

/** Without chance: from zeros, no jitter, no transforms. Other than that the recipe is as its source has it. */
async function followRecipe(device: GPUDevice, assets: Assets, fixture: RecipeFixture): Promise<void> {
  const { name, objective, size, numbers, photo, expected } = fixture;
  const model = await fixture.openModel(assets);
  for (const [field, value] of Object.entries(ownNumbers(name, model) ?? {})) {
    const source = numbers[field as keyof RecipeNumbers];
    if (!same(source, value)) throw new Error(`${field} is ${value}, its source has ${source}`);
  }
  const init = photo ? ("photo" as const) : ("zeros" as const);
  const recipe = { ...defaultRecipe, objective, size, ...numbers, init };
  await expectObjective(device, model, recipe, expected, photo);
}

/** The project's own numbers of a recipe; none where only a parameterization is shown. */
function ownNumbers(name: string, { preprocess }: Model): Partial<Recipe> | undefined {
  const named = recipeNames.find((one) => one === name);
  return named ? recipeSettings(named, preprocess) : name === "default" ? channelSettings : undefined;
}

/** Numbers may differ by the rounding of a product. */
function same(source: unknown, own: unknown): boolean {
  if (typeof source !== "number" || typeof own !== "number") return source === undefined || source === own;
  return Math.abs(source - own) <= 1e-12 * Math.abs(source);
}

async function expectObjective(
  device: GPUDevice,
  model: Model,
  recipe: Recipe,
  expected: readonly number[],
  photo?: Float32Array,
): Promise<void> {
  const ascent = await createAscent(gpuOf(device), model, recipe, { photo });
  const objective: number[] = [];
  for await (const report of ascent.run({ iterations: expected.length, objective: true })) {
    for (const [value] of report.objective ?? []) objective.push(value as number);
  }
  ascent.dispose();
  const error = relativeL2(objective, expected);
  if (!(error < TOLERANCE)) throw new Error(`objective is ${error} off:\n${objective}\nnot\n${expected}`);
}

/** What every stack shows as a whole; each optimizer and regularizer is shown there as a kernel. */
const EVERYWHERE: readonly string[] = ["rms", "momentum", "adam", "redirect, relu3_4"];

export const cases: readonly GpuCase[] = [
  ...trajectoryFixtures.map((fixture) => ({
    name: `ascent by ${fixture.name}${fixture.redirect ? " with redirect" : ""}`,
    once: !EVERYWHERE.includes(fixture.name),
    needs: fixture.needs,
    run: (device: GPUDevice, assets: Assets) => follow(device, assets, fixture),
  })),
  ...recipeFixtures.map((fixture) => ({
    name: `50 steps of ${fixture.name}`,
    once: true,
    needs: fixture.needs,
    run: (device: GPUDevice, assets: Assets) => followRecipe(device, assets, fixture),
  })),
];
