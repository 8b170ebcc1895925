/** Steering checks everything before it changes anything, and writes each setting to the uniforms. */
import { expect, test } from "vitest";
import type { Plan } from "../../../src/engine/plan/plan.ts";
import type { LiveSettings } from "../../../src/engine/run/ascent-options.ts";
import type { Scheduler } from "../../../src/engine/run/scheduler.ts";
import { expectCoarse, steer } from "../../../src/engine/run/steering.ts";
import { defaultRecipe, liveFields, type Recipe } from "../../../src/optvis/recipe.ts";

const RECIPE: Recipe = { ...defaultRecipe, objective: "channel:conv1_1:3 - tv", size: [16, 16] };

/** @returns the recipe then, and what was written */
function steered(settings: LiveSettings, recipe = RECIPE) {
  const written = new Map<string, number>();
  const scheduler = { set: (key: string, value: number) => void written.set(key, value) };
  return { recipe: steer(scheduler as unknown as Scheduler, recipe, settings), written };
}

test("every live field is written under its name, and kept in the recipe", () => {
  const settings = Object.fromEntries(liveFields.map((field) => [field, 1]));
  const { recipe, written } = steered(settings);
  expect(Object.fromEntries(written)).toEqual(settings);
  expect(recipe).toEqual({ ...RECIPE, ...settings });
  expect(steered({}).written.size).toBe(0);
});

test("an objective of the same terms changes their weights; weights given go before it", () => {
  const objective = "0.5*channel:conv1_1:3 - 0.25*tv";
  const { recipe, written } = steered({ objective });
  expect([...written]).toEqual([
    ["weight:0", 0.5],
    ["weight:1", -0.25],
  ]);
  expect(recipe.objective).toBe(objective);
  expect(steered({ objective, weights: [2] }).written.get("weight:0")).toBe(2);
});

test.each<[LiveSettings, RegExp, Partial<Recipe>?]>([
  [{ lr: -1 }, /^lr expects/],
  [{ objective: "channel:conv1_2:3" }, /has other terms than/],
  [{ blur: 1 }, /^blur works on pixels/, { param: "fourier" }],
  [{ lr: 0.5, iterations: 9 }, /was planned for/, { transforms: "zoom:0.2" }],
])("%j is refused, and nothing is written", (settings, message, changes = {}) => {
  const written: string[] = [];
  const scheduler = { set: (key: string) => void written.push(key) } as unknown as Scheduler;
  expect(() => steer(scheduler, { ...RECIPE, ...changes }, settings)).toThrow(message);
  expect(written).toEqual([]);
});

test("coarse iterations that a plan does not have are refused to any start but a photograph", () => {
  const plan = { coarse: null } as Plan;
  const begin = (changes: Partial<Recipe>) => () => expectCoarse(plan, { ...RECIPE, coarse: 4, ...changes });
  expect(begin({ init: "noise" })).toThrow(/half the size/);
  for (const changes of [{ init: "photo" }, { coarse: 0 }, { param: "fourier" }] as const)
    expect(begin(changes)).not.toThrow();
});
