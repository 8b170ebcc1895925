import { expect, it, test } from "vitest";
import { formulaOf } from "../../src/optvis/formula.ts";
import { recipeSettings } from "../../src/optvis/named-recipes.ts";
import { defaultRecipe, type Recipe } from "../../src/optvis/recipe.ts";
import { classSettings } from "../../src/optvis/recipes.ts";

const lines = (recipe: Partial<Recipe>): readonly string[] => {
  const { objective, gradient, step, after } = formulaOf({ ...defaultRecipe, ...recipe });
  return [objective, gradient, step, ...after];
};

it("is the lecture's three lines for plain ascent", () => {
  expect(lines({ objective: "class:goldfish", optimizer: "sgd", lr: 0.02 })).toEqual([
    "f(x) = class:goldfish",
    "g = ∂f/∂x",
    "x ← x + 0.02·g",
  ]);
});

it("has the numbers of the recipe, and what else an iteration computes", () => {
  expect(lines({ ...classSettings, objective: "class:goldfish" })).toEqual([
    "f(x) = class:goldfish, x moved at random",
    "g = ∂f/∂x",
    "x ← clamp(x + 0.01·g/rms(g))",
  ]);
  const yosinski = { ...recipeSettings("yosinski2015a", "unit"), objective: "neuron:conv1_1:0" };
  expect(lines({ ...yosinski, l2: 0.001, decay: 0.3 })).toEqual([
    "f(x) = neuron:conv1_1:0 − 0.001·Σ(network input)²",
    "g = ∂f/∂x",
    "x ← clamp(0.7·x + 0.02·g/rms(g))",
    "x ← blur(x, 0.5 pixels) every 4 iterations",
    "50 % of x, of the least norm, ← 0",
  ]);
});

it("says what ascends where that is not the pixels, and leaves out what acts on pixels alone", () => {
  expect(lines({ ...recipeSettings("lucid2017", "unit"), blur: 1, clamp: true, blurGradient: 2 })).toEqual([
    "f(x) = channel:conv1_1:0, x moved at random",
    "g = ∂f/∂θ, blurred by 2 pixels; x is made of the spectrum θ",
    "θ ← θ + 0.05·m/√v, of Adam",
  ]);
});

test.each([
  [{ optimizer: "momentum" }, "x ← x + 0.05·v, v ← 0.9·v + g"],
  [{ optimizer: "normalized" }, "x ← x + 0.05·g/‖g‖"],
  [{ optimizer: "mean" }, "x ← x + 0.05·g/mean|g|"],
] as const)("%j", (recipe, step) => {
  expect(formulaOf({ ...defaultRecipe, ...recipe }).step).toBe(step);
});
