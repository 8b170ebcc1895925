/** What an iteration runs, by its number and by the settings of the moment. */
import { expect, test } from "vitest";
import { iterationOf, reachable, type Settings } from "../../../src/engine/plan/iteration.ts";
import type { Plan } from "../../../src/engine/plan/plan.ts";
import { dispatchesAt } from "../../../src/gpu/program.ts";
import { defaultRecipe, type Recipe } from "../../../src/optvis/recipe.ts";
import { iteration, plan } from "../../support/vgg-plan.ts";

test.each([
  // The gradient of a mean before the ReLU is the same whatever the image, so the way back needs no forward pass there.
  ["channel:conv3_3:7", ["conv3_3 forward", "conv3_3 channel forward", "objective"]],
  ["neuron:conv3_3:7", ["conv3_3 forward", "conv3_3 neuron forward", "objective"]],
  ["channel:relu3_3:7", ["relu3_3 channel forward", "objective"]],
  ["layer:conv3_3", ["conv3_3 layer forward", "objective"]],
  ["direction:conv3_3:3=1,5=2^1", ["conv3_3 direction forward", "objective"]],
  ["diversity:conv3_3", ["objective"]],
  ["channel:conv3_3:7 - tv", ["conv3_3 forward", "conv3_3 channel forward", "objective"]],
])("%s: of an iteration whose value nobody asks for is left out: %s", (objective, without) => {
  const made = plan(objective);
  for (const t of [0, 20]) {
    const unheard = iterationOf(made, t, defaultRecipe, false);
    const left = iterationOf(made, t, defaultRecipe).filter((place) => !unheard.includes(place));
    expect(dispatchesAt(made, left).map(({ label }) => label)).toEqual(without);
  }
});

test("the redirect ends after 16 iterations, the blur comes every k", () => {
  const blurred = { ...defaultRecipe, blur: 1, blurEvery: 4 };
  const some = plan("channel:conv2_1:3", blurred);
  const has = (t: number, kernel: string) =>
    iteration(some, t, blurred).some(({ kernel: { name } }) => name === kernel);
  for (let t = 0; t < 24; t++) {
    expect(has(t, "relu_backward_redirect")).toBe(t < 16);
    expect(has(t, "blur_rows")).toBe(t % 4 === 0);
  }
  const off = iteration(plan("channel:conv2_1:3", { redirect: false }), 0, defaultRecipe);
  expect(off.some(({ kernel }) => kernel.name.startsWith("relu_backward_"))).toBe(false);
});

test("regularizers are in an iteration only where they are not 0, for pixels alone but for the gradient's blur", () => {
  const kernels = (param: Recipe["param"], asked: Partial<Recipe>) =>
    iteration(plan("channel:conv2_1:3", { param }), 0, { ...defaultRecipe, ...asked }).map(
      ({ kernel: { name } }) => name,
    );
  const asked = { clipNorm: 1, clipContribution: 1, blur: 1 };
  const all = ["clip_norm", "clip_contribution", "blur_rows"];
  expect(kernels("pixel", asked)).toEqual(expect.arrayContaining(all));
  expect(kernels("pixel", {}).filter((name) => /clip|blur/.test(name))).toEqual([]);
  expect(kernels("fourier", asked).filter((name) => /clip|blur/.test(name))).toEqual([]);
  expect(kernels("fourier", { blurGradient: 1 })).toContain("blur_rows");
  for (const field of ["blur", "clipNorm", "clipContribution"] as const) {
    const spectrum = () => plan("channel:conv2_1:3", { param: "fourier", [field]: 1 });
    expect(spectrum).toThrow(new RegExp(`${field} works on pixels`));
  }
});

test("the first iteration, from zeros, where max-pools see ties, the first sixteen, and the gradient are exact", () => {
  const convolutions = (dispatches: readonly { readonly kernel: { readonly name: string } }[]) => {
    const variants = dispatches.flatMap(({ kernel }) => /single|winograd/.exec(kernel.name)?.[0] ?? []);
    return [...new Set(variants)].sort();
  };
  for (const redirect of [true, false]) {
    const zeros = plan("channel:relu3_3:7", { redirect });
    expect(convolutions(iteration(zeros, 15, defaultRecipe))).toEqual(["single"]);
    // Few channels, as those of the image and of the objective, are convolved directly.
    expect(convolutions(iteration(zeros, 16, defaultRecipe))).toEqual(["single", "winograd"]);
    const begun = { ...defaultRecipe, init: "noise" as const };
    const noise = plan("channel:relu3_3:7", { redirect, init: "noise" });
    const [first, second, last, later] = [0, 1, 15, 16].map((t) => iterationOf(noise, t, begun));
    expect(convolutions(iteration(noise, 0, begun))).toEqual(["single"]);
    expect(convolutions(iteration(noise, 1, begun))).toEqual(["single", "winograd"]);
    expect(first).not.toEqual(second);
    expect(last).toEqual(second);
    expect(String(later) === String(second)).toBe(!redirect);
    for (const one of [zeros, noise])
      expect(convolutions(dispatchesAt(one, one.gradient))).toEqual(["single"]);
  }
  const pinned = plan("channel:relu3_3:7", {}, { convVariant: () => "winograd4_8x8" });
  expect(convolutions(iteration(pinned, 0, defaultRecipe))).toEqual(["winograd"]);
  expect(convolutions(dispatchesAt(pinned, pinned.gradient))).toEqual(["winograd"]);
});

test("what is exact follows the settings of the moment, not those that were planned with", () => {
  const kernels = (made: Plan, settings: Settings) =>
    iteration(made, 40, settings).map(({ kernel: { name } }) => name);
  const clipped = { ...defaultRecipe, clipNorm: 50 };
  const [without, within] = [plan("channel:relu3_3:7"), plan("channel:relu3_3:7", { clipNorm: 50 })];
  expect(kernels(without, clipped)).toEqual(kernels(within, clipped));
  expect(kernels(within, defaultRecipe)).toEqual(kernels(without, defaultRecipe));
  expect(kernels(without, clipped).join()).not.toContain("winograd");
  // Its weights and work, and its kernels, are for those alone who run it.
  const packed = (made: Plan, settings: Settings) =>
    dispatchesAt(made, reachable(made, settings)).filter(({ kernel }) => /winograd/.test(kernel.name));
  expect(packed(without, defaultRecipe)).not.toEqual([]);
  expect(packed(within, clipped)).toEqual([]);
  expect(within.bytes).toBeLessThan(without.bytes);
  expect(within.convolutions.map(({ variant }) => variant)).not.toContain("winograd4_16x8");
});

test("a photograph begins at the whole size, and another start of the same plan at half of it", () => {
  const made = plan("channel:relu3_3:7", { coarse: 10, init: "photo" });
  const last = (settings: Settings) => iteration(made, 0, settings).at(-1)?.label;
  expect(last({ ...defaultRecipe, init: "photo" })).not.toBe("enlarge");
  expect(last({ ...defaultRecipe, init: "noise" })).toBe("enlarge");
  expect(plan("channel:relu3_3:7", { coarse: 10, init: "photo", size: [6, 6] }).coarse).toBeNull();
});
