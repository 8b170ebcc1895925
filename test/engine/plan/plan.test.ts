/** Plans are plain data: what they keep, what they skip, and what they cost, without a device. */
import { expect, test } from "vitest";
import { iterationOf, reachable, type Settings } from "../../../src/engine/plan/iteration.ts";
import { bytesByRole } from "../../../src/engine/plan/memory.ts";
import type { Plan, PlanOptions } from "../../../src/engine/plan/plan.ts";
import { planAscent } from "../../../src/engine/plan/plan-ascent.ts";
import type { Dispatch } from "../../../src/gpu/dispatch.ts";
import { dispatchesAt, everyDispatch } from "../../../src/gpu/program.ts";
import { inferNetwork } from "../../../src/model/architecture.ts";
import { convVariantNames, correlation, variantOf } from "../../../src/nn/conv3x3.ts";
import { parseObjective } from "../../../src/optvis/objective.ts";
import { defaultRecipe, type Recipe } from "../../../src/optvis/recipe.ts";

/** VGG-16's convolutions to conv5_1 in torchvision's names. */
const WIDTHS = [
  [0, 3, 64],
  [2, 64, 64],
  [5, 64, 128],
  [7, 128, 128],
  [10, 128, 256],
  [12, 256, 256],
  [14, 256, 256],
  [17, 256, 512],
  [19, 512, 512],
  [21, 512, 512],
  [24, 512, 512],
] as const;

function plan(objective: string, recipe: Partial<Recipe> = {}, options: Partial<PlanOptions> = {}) {
  const shapes = WIDTHS.flatMap(([index, inputs, outputs]): [string, number[]][] => [
    [`features.${index}.weight`, [outputs, inputs, 3, 3]],
    [`features.${index}.bias`, [outputs]],
  ]);
  const { network } = inferNetwork(new Map(shapes), {});
  const whole = { ...defaultRecipe, size: [224, 224] as const, ...recipe, objective };
  return planAscent(network, "caffe", parseObjective(objective, network), whole, {
    bindingLimit: 2 ** 27,
    ...options,
  });
}

/** What iteration t runs. */
function iteration(made: Plan, t: number, settings: Settings, valued = true): Dispatch[] {
  return dispatchesAt(made, iterationOf(made, t, settings, valued));
}

test.each([
  ["channel:relu3_3:7", []],
  ["neuron:conv3_3:7", []],
  ["layer:conv3_3", []],
  ["layer:relu2_1 + channel:conv3_1:0", ["relu2_1"]],
  ["layer:conv2_1 + layer:relu2_1 + channel:conv3_1:0", ["conv2_1", "relu2_1"]],
])("%s keeps the activations of %s", (objective, kept) => {
  expect(plan(objective).kept).toEqual(kept);
});

test("to conv3_3 at 224² the backward pass is kept 2.2 MB at most", () => {
  const bytes = bytesByRole(plan("channel:relu3_3:7").buffers);
  expect(bytes.bits).toBeLessThanOrEqual(2.2e6);
  expect(bytes.kept).toBeUndefined();
});

test("to conv3_3 at 224² no more is allocated than 1.1 times what the ascent cannot do without", () => {
  const ascent = plan("channel:relu3_3:7", { optimizer: "adam" });
  // Kernels' packed weights and workspace; two buffers of activations; a bit a ReLU, two a pooled pixel; image,
  // gradient and two moments.
  const { weights = 0, workspace = 0 } = bytesByRole(ascent.buffers);
  const [whole, half, quarter] = [224 ** 2, 112 ** 2, 56 ** 2];
  const units = 2 * 64 * whole + 2 * 128 * half + 3 * 256 * quarter;
  const pooled = 64 * half + 128 * quarter;
  const needed = weights + workspace + 2 * 4 * 64 * whole + units / 8 + pooled / 4 + 4 * 4 * 3 * whole;
  const uniforms = 256 * ascent.dispatches.length;
  expect(ascent.bytes + uniforms).toBeLessThanOrEqual(1.1 * needed);
});

test("activations live in two buffers of the largest layer", () => {
  const { buffers } = plan("channel:relu3_3:7");
  const activations = buffers.filter(({ role }) => role === "activations");
  expect(activations.map(({ name }) => name).sort()).toEqual(["activations.a", "activations.b"]);
  for (const { bytes } of activations) expect(bytes).toBe(4 * 64 * 224 * 224);
});

test("whole layers cost what multiplications and additions make; one channel of the last saves its part", () => {
  // Σ 2·9·C·K·H·W forward, and as much backward: 37.3 GFLOP to conv3_3 at 224².
  const sizes: Readonly<Record<number, number>> = { 64: 224, 128: 112, 256: 56 };
  const expected = WIDTHS.slice(0, 7).reduce(
    (sum, [, c, k]) => sum + 2 * 2 * 9 * c * k * (sizes[k] ?? 0) ** 2,
    0,
  );
  const winograd4 = { convVariant: () => "winograd4_16x8" as const };
  const register = { convVariant: () => "register" as const };
  const one = plan("channel:relu3_3:7", {}, register);
  expect(one.flops).toBe(expected);
  expect(plan("channel:relu3_3:7", {}, { ...register, wholeLayers: true }).executedFlops).toBe(expected);
  // F(4×4) makes 36 products of 144, on whole tiles and on channels rounded up to 16.
  const winograd = plan("channel:relu3_3:7", {}, { ...winograd4, wholeLayers: true }).executedFlops;
  expect(winograd / expected).toBeGreaterThan(1 / 4);
  expect(winograd / expected).toBeLessThan(1 / 3.8);
  const last = 2 * 2 * 9 * 256 * 256 * 56 ** 2;
  expect(one.executedFlops).toBe(expected - (last * 255) / 256);
});

test("every dispatch of a convolution tells what it must read and write", () => {
  for (const variant of convVariantNames) {
    const made = plan("channel:relu3_3:7", { size: [37, 50] }, { convVariant: () => variant });
    for (const { label, kernel, bytes } of iteration(made, 20, defaultRecipe)) {
      if (label.startsWith("conv")) expect(bytes, `${label}: ${kernel.name}`).toBeGreaterThan(0);
    }
  }
  // F(4×4) of 4 channels of 8×8 from 3: 4 tiles of 36 points. With a border of 1 all of the input is read once.
  const shape = {
    batch: 1,
    inputChannels: 3,
    inputHeight: 8,
    inputWidth: 8,
    outputChannels: 4,
    padding: 1,
  } as const;
  const workspace = { "winograd.transformed": "t", "winograd.products": "p" };
  const buffers = { weights: "w", bias: "b", input: "x", output: "y", workspace };
  const dispatches = variantOf("winograd4_8x8").forward("", correlation(shape, "forward"), buffers);
  const [enter, product, leave] = dispatches.map(({ bytes }) => bytes);
  expect(enter).toBe(4 * 3 * (8 * 8 + 36 * 4));
  expect(product).toBe(4 * 36 * (3 * (16 + 8) + 16 * 8));
  expect(leave).toBe(4 * 4 * (36 * 4 + 8 * 8));
  const pooled = { ...buffers, bits: "bits", winners: "winners" };
  const last = variantOf("winograd4_8x8").forward("", correlation(shape, "forward"), pooled).at(-1);
  expect(last?.bytes).toBe(4 * 4 * (36 * 4 + 4 * 4));
});

test("iterations at half the size share every buffer but the image and its moments", () => {
  const whole = plan("channel:relu3_3:7", { optimizer: "momentum" });
  const begun = plan("channel:relu3_3:7", { optimizer: "momentum", coarse: 10 });
  const more = begun.buffers.filter(({ name }) => !whole.buffers.some((buffer) => buffer.name === name));
  expect(more.map(({ name }) => name).sort()).toEqual(["image.coarse", "image.coarse.moment1"]);
  expect(begun.bytes - whole.bytes).toBe(2 * 4 * 3 * 112 * 112);
  const last = (t: number) => iteration(begun, t, defaultRecipe).at(-1)?.label;
  expect([last(0), last(9), last(10)]).toEqual(["enlarge", "enlarge", last(99)]);
  expect(last(10)).not.toBe("enlarge");
  const spectrum = plan("channel:relu3_3:7", { coarse: 10, param: "fourier" });
  expect(iteration(spectrum, 0, defaultRecipe).at(-1)?.label).not.toBe("enlarge");
  expect(() => plan("channel:relu3_3:7", { coarse: 10, size: [6, 6] })).toThrow(/half the size.*3×3/);
});

test("an alpha channel is enlarged with the image, and steps by itself", () => {
  const at = (recipe: Partial<Recipe>) => plan("channel:relu3_3:7 - alpha", { alpha: true, ...recipe });
  const begun = at({ optimizer: "adam", coarse: 10 });
  const labels = iteration(begun, 0, defaultRecipe).map(({ label }) => label);
  expect(labels[0]).toBe("background spectrum");
  expect(labels.filter((label) => label === "update adam")).toHaveLength(2);
  expect(labels.slice(-3)).toEqual(["enlarge", "enlarge", "opacity forward"]);
  expect(begun.coarse?.start).toMatchObject({ values: "image.coarse", alpha: "image.coarse.logits" });
  const still = dispatchesAt(begun, begun.gradient).map(({ label }) => label);
  expect(still.filter((label) => /background|composite/.test(label))).toEqual([
    "composite forward",
    "composite backward",
  ]);
  expect(at({ param: "fourier" })).toMatchObject({ values: "spectrum", alpha: "alpha.spectrum" });
  expect(at({ param: "laplacian" })).toMatchObject({ values: "pyramid", alpha: "alpha.pyramid" });
  expect(() => at({ param: "cppn" })).toThrow(/alpha: images of cppn parameters have no fourth plane/);
  expect(() => at({ alpha: false })).toThrow(
    /alpha is the mean opacity, and the recipe has no alpha channel/,
  );
});

test("nothing is computed beyond the deepest layer of the objective", () => {
  const labels = [...iteration(plan("channel:conv2_2:3 + channel:conv1_1:1"), 0, defaultRecipe)].map(
    ({ label }) => label,
  );
  expect(labels.some((label) => label.startsWith("conv2_2"))).toBe(true);
  expect(labels.filter((label) => /pool2|relu2_2|conv3/.test(label))).toEqual([]);
});

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

test("max-pools are computed with what is before them, both ways, unless something reads in between", () => {
  // Small, so that Winograd's kernels take one band of rows each.
  const planned = (objective: string, options: Partial<PlanOptions> = {}, t = 99) =>
    iteration(plan(objective, { size: [32, 32] }, options), t, defaultRecipe).map(
      ({ kernel: { name } }) => name,
    );
  const pools = (kernels: readonly string[]) => kernels.filter((name) => /pool|^relu_/.test(name)).sort();
  const fast = { convVariant: () => "winograd4_16x8" as const };
  const fused = "conv3x3_forward_relu_pool_winograd4";
  const both = [fused, fused, "maxpool_backward_relu", "maxpool_backward_relu"];
  expect(pools(planned("channel:conv3_1:7", fast))).toEqual(both);
  const apart = [fused, "maxpool_backward", "maxpool_backward_relu", "maxpool_forward", "relu_backward"];
  for (const layer of ["relu1_2", "relu2_2"])
    expect(pools(planned(`channel:conv3_1:7 + channel:${layer}:0`, fast)), layer).toEqual(apart);
  expect(pools(planned("channel:conv3_1:7 + layer:conv1_2", fast))).toContain("maxpool_forward_relu");
  expect(pools(planned("channel:conv3_1:7", { ...fast, keep: "relu1_2" }))).toContain("maxpool_forward");
  expect(pools(planned("channel:conv3_1:7", { ...fast, cam: "relu2_2" }))).toEqual(apart);
  expect(pools(planned("channel:relu1_2:7", fast)).join()).not.toContain("pool");
  const register = { convVariant: () => "register" as const };
  expect(pools(planned("channel:conv2_1:7", register))).toEqual(["maxpool_backward_relu", "maxpool_forward"]);
  // A redirected gradient is looked at as a whole before it is masked.
  const redirected = planned("channel:pool1:7", fast, 0);
  expect(redirected.filter((name) => /pool/.test(name))).toEqual([fused, "maxpool_backward"]);
  const single = { convVariant: () => "single" as const };
  expect(planned("channel:pool1:7", single).filter((name) => /pool/.test(name))).toEqual([
    "maxpool_forward",
    "maxpool_backward_relu",
  ]);
});

test("no dispatch reads and writes the same buffer through two bindings", () => {
  const recipe = { blur: 1, jitter: 4, optimizer: "adam" } as const;
  const planned = plan("layer:relu2_1 + layer:conv2_1 - channel:pool3:9", recipe);
  for (const { label, buffers, kernel } of dispatchesAt(planned, everyDispatch(planned))) {
    const names = Object.values(buffers);
    for (const [binding, name] of Object.entries(buffers)) {
      if (kernel.storage[binding]?.access === "read_write")
        expect(
          names.filter((other) => other === name),
          `${label} ${binding}`,
        ).toHaveLength(1);
    }
  }
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

test.each<[string, Partial<Recipe>, Partial<PlanOptions>]>([
  ["channel:relu3_3:7", {}, {}],
  ["layer:relu2_1 - tv", { coarse: 10, alpha: true, blur: 1, l2: 0.1, clipNorm: 3, optimizer: "adam" }, {}],
  ["invert:conv2_1", { param: "fourier", init: "photo", share: 2, batch: 2, standardize: true }, {}],
  ["channel:conv1_1:1", { param: "maco", transforms: "pad:6,crop:3,scale:0.1,rotate:10,crop:2" }, {}],
  ["channel:conv1_1:1", { param: "cppn", jitter: 2 }, {}],
  ["neuron:conv3_3:7", { param: "laplacian" }, { cam: "relu2_2", guided: true }],
  ["channel:conv3_3:7", {}, { convVariant: () => "half" }],
])("a plan is JSON and comes back the same: %s, %o", (objective, recipe, options) => {
  const made = plan(objective, { size: [48, 40], ...recipe }, options);
  const back = JSON.parse(JSON.stringify(made)) as Plan;
  expect(back).toEqual(made);
  // Printed, it holds each kernel's code once.
  expect(Object.keys(back.kernels)).toHaveLength(new Set(made.dispatches.map(({ kernel }) => kernel)).size);
});

test.each([
  ["channel:conv3_3:7,9,7", 2],
  ["interpolate:conv3_3:3,5", 2],
  ["direction:conv3_3:3=1,5=2,8=1", 3],
  ["direction:conv3_3:3=1,5=2^1", 256],
  ["caricature:conv3_3", 256],
  ["style:conv3_3 + channel:conv3_3:2", 256],
])("%s computes %d channels of its layer, as many as it reads", (objective, channels) => {
  const { buffers } = plan(objective, { batch: 2 });
  expect(buffers.find(({ name }) => name === "conv3_3.bias")?.bytes).toBe(4 * channels);
});

test("terms that compare with a photograph keep its activation", () => {
  expect(plan("invert:conv2_1").target.copies).toEqual([
    { from: expect.any(String), to: "conv2_1.target", bytes: 4 * 128 * 112 * 112 },
  ]);
  expect(plan("channel:conv2_1:0").target.copies).toEqual([]);
});
