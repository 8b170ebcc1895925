/** Plans are plain data: what they keep, what they skip, and what they cost, without a device. */
import { expect, test } from "vitest";
import { bytesByRole } from "../../../src/engine/plan/memory.ts";
import type { Plan, PlanOptions } from "../../../src/engine/plan/plan.ts";
import { dispatchesAt, everyDispatch } from "../../../src/gpu/program.ts";
import { convVariantNames, correlation, variantOf } from "../../../src/nn/conv3x3.ts";
import { defaultRecipe, type Recipe } from "../../../src/optvis/recipe.ts";
import { iteration, plan, WIDTHS } from "../../support/vgg-plan.ts";

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
