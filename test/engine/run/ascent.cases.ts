/** How an ascent behaves while it runs: what it asks of the device, and that it repeats itself to the bit. */
import type { Plan } from "../../../src/engine/plan/plan.ts";
import { type Ascent, ascentOf, createAscent, type RunOptions } from "../../../src/engine/run/ascent.ts";
import { drawAt } from "../../../src/engine/run/draw.ts";
import { Gpu } from "../../../src/gpu/device.ts";
import { invert } from "../../../src/methods/invert.ts";
import { openModel } from "../../../src/model/model.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { endOf } from "../../../src/optvis/course.ts";
import { choicesOf } from "../../../src/optvis/field.ts";
import { paramOf } from "../../../src/optvis/params/param.ts";
import { defaultRecipe, type LiveField, type Recipe } from "../../../src/optvis/recipe.ts";
import { parseRecipe } from "../../../src/optvis/recipe-text.ts";
import { resizePlanes } from "../../../src/optvis/resize.ts";
import type { Assets, GpuCase } from "../../stacks/case.ts";
import { relativeL2 } from "../../support/error.ts";
import { gpuOf } from "../../support/gpu.ts";
import { type Spy, spyOn } from "../../support/spy.ts";

const EMBEDDED = "weights/ascent-vgg.safetensors";

/** Everything that has state or chance: jitter, moments, blur, redirect, two images; 30 iterations at half the size. */
const RECIPE: Recipe = {
  ...defaultRecipe,
  objective: "channel:conv2_1:3 - 0.5*layer:relu1_1",
  size: [18, 14],
  batch: 2,
  init: "noise",
  optimizer: "adam",
  lr: 0.02,
  l2: 1e-6,
  blur: 0.5,
  blurEvery: 4,
  jitter: 3,
  coarse: 30,
  seed: 7,
  iterations: 100,
};

/** A transparent spectrum seen through every kind of transform, so that the network's input has another size. */
const FOURIER: Recipe = {
  ...RECIPE,
  param: "fourier",
  alpha: true,
  transforms: "pad:6,crop:3,scale:0.1,rotate:10,crop:2",
  blur: 0,
  jitter: 0,
};

async function embedded(assets: Assets) {
  return openModel(bytesSource(EMBEDDED, await assets.read(EMBEDDED)));
}

async function finish(ascent: Ascent, options: RunOptions): Promise<number[][]> {
  const values: number[][] = [];
  for await (const { objective } of ascent.run(options))
    values.push(...(objective ?? []).map((row) => [...row]));
  return values;
}

/** Every regularizer that the recipe's parameterization has, none as it was. */
function steered({ param }: Recipe): Partial<Pick<Recipe, LiveField>> {
  const all = { l2: 0.1, decay: 0.01, blurGradient: 0.4 };
  return param === "pixel" ? { ...all, blur: 0.7, blurEvery: 2, clipNorm: 20, clipContribution: 10 } : all;
}

/** What stepping may call: encoding, submitting, waiting. */
const STEPPING = [
  "createCommandEncoder",
  "encoder.beginComputePass",
  "queue.submit",
  "queue.onSubmittedWorkDone",
];

function expectOnly(spy: Spy, allowed: readonly string[]): void {
  const others = [...spy.calls.keys()].filter((name) => !allowed.includes(name));
  if (others.length > 0) throw new Error(`while stepping the device was asked for ${others.join(", ")}`);
}

async function runsQuietly(device: GPUDevice, assets: Assets, recipe: Recipe): Promise<void> {
  const spy = spyOn(device);
  const ascent = await createAscent(new Gpu(spy.device, ""), await embedded(assets), recipe);
  await ascent.prepare();
  spy.calls.clear();
  await finish(ascent, { iterations: 100 });
  expectOnly(spy, STEPPING);
  spy.calls.clear();
  const values = await finish(ascent, { iterations: 100, objective: true });
  expectOnly(spy, [...STEPPING, "buffer.mapAsync"]);
  const maps = spy.calls.get("buffer.mapAsync") ?? 0;
  const submissions = spy.calls.get("queue.submit") ?? 0;
  if (maps > submissions) throw new Error(`${maps} readbacks in ${submissions} submissions`);
  const passes = spy.calls.get("encoder.beginComputePass");
  if (passes !== submissions) throw new Error(`${passes} compute passes in ${submissions} submissions`);
  if (submissions >= 100) throw new Error(`100 iterations took ${submissions} submissions`);
  if (values.length !== 100) throw new Error(`${values.length} objective values of 100 iterations`);
  if (ascent.iteration !== 200) throw new Error(`iteration ${ascent.iteration} after 200`);
  spy.calls.clear();
  ascent.set({ lr: 0.001, strength: 0.5, weights: [2, 0.25], ...steered(recipe) });
  await finish(ascent, { iterations: 2 });
  expectOnly(spy, [...STEPPING, "queue.writeBuffer"]);
  ascent.dispose();
}

/** The first picture waits for the kernels of its iteration alone; the others come before the next one, and once. */
async function preparesOnce(device: GPUDevice, assets: Assets, recipe: Recipe): Promise<void> {
  const spy = spyOn(device);
  const fresh = { ...recipe, init: "zeros" as const };
  const ascent = await createAscent(new Gpu(spy.device, ""), await embedded(assets), fresh);
  const compiled: number[] = [];
  for await (const { iteration } of ascent.run({ iterations: 60 })) {
    compiled.push(spy.calls.get("createComputePipelineAsync") ?? 0);
    if (compiled.length === 1 && iteration !== 1) throw new Error(`the first report came after ${iteration}`);
    if (compiled.length === 2) spy.calls.clear();
  }
  expectOnly(spy, STEPPING);
  const [first = 0, all = 0] = compiled;
  if (!(first > 0 && first < all)) throw new Error(`${first} of ${all} pipelines before the first picture`);
  if (ascent.iteration !== 60) throw new Error(`iteration ${ascent.iteration} after 60`);
  ascent.dispose();
}

/** What is steered does the same as what a recipe began with, to the bit. */
async function steersLikeRecipes(device: GPUDevice, assets: Assets, recipe: Recipe): Promise<void> {
  const gpu = gpuOf(device);
  const model = await embedded(assets);
  const live = { lr: 0.01, strength: 0.25, ...steered(recipe) };
  const [begun, changed] = [
    await createAscent(gpu, model, { ...recipe, ...live, objective: "0.5*channel:conv2_1:3 - 0.02*tv" }),
    await createAscent(gpu, model, { ...recipe, objective: "channel:conv2_1:3 - tv" }),
  ];
  changed.set({ ...live, objective: "0.5*channel:conv2_1:3 - 0.02*tv" });
  for (const ascent of [begun, changed]) await finish(ascent, { iterations: 6 });
  const [expected, image] = [await begun.readImage(), await changed.readImage()];
  const differs = image.findIndex((value, i) => !Object.is(value, expected[i]));
  if (differs >= 0) throw new Error(`image[${differs}] is ${image[differs]}, not ${expected[differs]}`);
  // Regularizers act on what they were turned on for: without them the image is another.
  await changed.reset({
    decay: 0,
    blurGradient: 0,
    ...(recipe.param === "pixel" ? { blur: 0, clipNorm: 0 } : {}),
  });
  await finish(changed, { iterations: 6 });
  if (relativeL2(await changed.readImage(), expected) < 1e-5)
    throw new Error("turned off they changed nothing");
  // What L2 added to the objective is gone with it.
  await changed.reset({ l2: 0 });
  const never = await createAscent(gpu, model, { ...changed.recipe });
  for (const ascent of [changed, never]) await ascent.prepare();
  const values = [await changed.step(), await never.step()].map(String);
  if (values[0] !== values[1]) throw new Error(`without L2 the objective is ${values.join(", not ")}`);
  never.dispose();
  begun.dispose();
  changed.dispose();
}

/**
 * A run that was steered, went on and was stopped is drawn again by the recipe of its course, to the bit; begun again it
 * begins with what was set by hand.
 */
async function drawsItsCourse(device: GPUDevice, assets: Assets, recipe: Recipe): Promise<void> {
  const gpu = gpuOf(device);
  const model = await embedded(assets);
  const begun = { ...recipe, objective: "channel:conv2_1:3 - tv", iterations: 20 };
  const ascent = await createAscent(gpu, model, begun);
  ascent.set({ lr: 0.04 });
  await finish(ascent, { iterations: 7 });
  ascent.set({ lr: 0.02, ...steered(recipe) });
  await ascent.step();
  ascent.set({ objective: "0.5*channel:conv2_1:3 - 0.02*tv", l2: 0 });
  await finish(ascent, { iterations: 20 });
  ascent.set({ lr: 9 });
  const course = ascent.course();
  if (course?.iterations !== 28 || course.lr !== 0.04)
    throw new Error(`the course is ${JSON.stringify(course)}`);
  if (!course.changes.includes("8:weight0=0.5") || course.changes.includes("lr=9"))
    throw new Error(`the changes are ${course.changes}`);
  const expected = await ascent.readImage();
  const again = await createAscent(gpu, model, parseRecipe(JSON.stringify(course)));
  for (const time of ["first", "second"]) {
    if (time === "first") await again.step();
    await finish(again, { iterations: course.iterations - again.iteration });
    expectSame(await again.readImage(), expected, time);
    const said = JSON.stringify(again.course());
    if (said !== JSON.stringify(course)) throw new Error(`drawn again its course is ${said}`);
    await again.reset();
  }
  await ascent.reset();
  if (ascent.recipe.lr !== 9 || ascent.course()?.changes !== "none") throw new Error("reset keeps changes");
  again.writeImage(expected);
  if (again.course()) throw new Error("a recipe for an image that was written");
  again.dispose();
  ascent.dispose();
}

function expectSame(image: Float32Array, expected: Float32Array, what: string): void {
  const differs = image.findIndex((value, i) => !Object.is(value, expected[i]));
  if (differs >= 0)
    throw new Error(`${what}: image[${differs}] is ${image[differs]}, not ${expected[differs]}`);
}

/** A zoom's boxes shrink over the iterations that were planned, however many were made. */
async function drawsZoomsCourse(device: GPUDevice, assets: Assets): Promise<void> {
  const gpu = gpuOf(device);
  const model = await embedded(assets);
  const ascent = await createAscent(gpu, model, { ...RECIPE, transforms: "zoom:0.1", iterations: 12 });
  for (const iterations of [5, 15]) {
    await finish(ascent, { iterations });
    const course = ascent.course() as Recipe;
    const again = await createAscent(gpu, model, course);
    await finish(again, { iterations: endOf(course) });
    expectSame(await again.readImage(), await ascent.readImage(), course.changes);
    again.dispose();
  }
  ascent.dispose();
}

/** An objective so deep, on images so large, that Winograd's kernels run wherever results need not be exact. */
const DEEP: Recipe = {
  ...defaultRecipe,
  ...{ objective: "channel:conv4_1:3", size: [37, 40] as const, init: "noise" as const, seed: 3 },
};

function expectSameBits(image: Float32Array, expected: Float32Array, what: string): void {
  const differs = image.findIndex((value, i) => !Object.is(value, expected[i]));
  if (differs >= 0)
    throw new Error(`${what}: image[${differs}] is ${image[differs]}, not ${expected[differs]}`);
}

/** Clipping turned on and off while running does what a recipe with it does, to the bit; so do both of an ascent's kernels. */
async function clipsLikeRecipes(device: GPUDevice, assets: Assets): Promise<void> {
  const gpu = gpuOf(device);
  const model = await embedded(assets);
  for (const field of ["clipNorm", "clipContribution"] as const) {
    const [on, off] = [{ [field]: 50 }, { [field]: 0 }];
    const without = await createAscent(gpu, model, DEEP);
    const within = await createAscent(gpu, model, { ...DEEP, ...on });
    if (!without.plan.convolutions.some(({ variant }) => variant.startsWith("winograd")))
      throw new Error("too shallow: no convolution runs Winograd's kernels");
    const compare = async (what: string) => {
      for (const ascent of [without, within]) await finish(ascent, { iterations: 4 });
      expectSameBits(await without.readImage(), await within.readImage(), `${field} ${what}`);
    };
    without.set(on);
    await compare("on from the start");
    for (const ascent of [without, within]) ascent.set(off);
    await compare("off");
    if (![without, within].every(({ kernels }) => kernels.join().includes("winograd")))
      throw new Error("turned off, clipping still asks for exact kernels");
    for (const ascent of [without, within]) ascent.set(on);
    await compare("on again");
    await without.reset(off);
    const fresh = await createAscent(gpu, model, DEEP);
    for (const ascent of [without, fresh]) await finish(ascent, { iterations: 6 });
    expectSameBits(await without.readImage(), await fresh.readImage(), `${field} off from the start`);
    for (const ascent of [without, within, fresh]) ascent.dispose();
  }
}

/** Begun again from another start, an ascent is a fresh one to the bit, its iterations at half the size too. */
async function resetsToFresh(device: GPUDevice, assets: Assets): Promise<void> {
  const gpu = gpuOf(device);
  const model = await embedded(assets);
  const photo = Float32Array.from({ length: 3 * 37 * 40 }, (_, i) => 0.5 + 0.4 * Math.sin(i * i));
  const starts = ["zeros", "noise", "photo"] as const;
  for (const coarse of [0, 3]) {
    const fresh = new Map<string, Float32Array>();
    for (const init of starts) {
      const ascent = await createAscent(gpu, model, { ...DEEP, coarse, init }, { photo });
      await finish(ascent, { iterations: 20 });
      fresh.set(init, await ascent.readImage());
      for (const other of starts) {
        if (!fresh.has(other)) continue;
        await ascent.reset({ init: other });
        await finish(ascent, { iterations: 20 });
        expectSameBits(
          await ascent.readImage(),
          fresh.get(other) as Float32Array,
          `coarse ${coarse}, ${init} then ${other}`,
        );
      }
      ascent.dispose();
    }
    // And the other way round, begun from what was fresh last.
    const last = await createAscent(gpu, model, { ...DEEP, coarse, init: "zeros" }, { photo });
    for (const init of ["photo", "noise"] as const) {
      await last.reset({ init });
      await finish(last, { iterations: 20 });
      expectSameBits(
        await last.readImage(),
        fresh.get(init) as Float32Array,
        `coarse ${coarse}, zeros then ${init}`,
      );
    }
    last.dispose();
  }
}

/** A plan that was written as JSON and read again runs to the same bits. */
async function runsFromJson(device: GPUDevice, assets: Assets, recipe: Recipe): Promise<void> {
  const gpu = gpuOf(device);
  const model = await embedded(assets);
  const expected = await createAscent(gpu, model, recipe);
  const plan = JSON.parse(JSON.stringify(expected.plan)) as Plan;
  const ascent = await ascentOf(gpu, model, recipe, plan);
  const objectives: number[][][] = [];
  for (const one of [ascent, expected])
    objectives.push(await finish(one, { iterations: 35, objective: true }));
  expectSameBits(await ascent.readImage(), await expected.readImage(), "from JSON");
  if (String(objectives[0]) !== String(objectives[1])) throw new Error("from JSON the objective differs");
  for (const one of [ascent, expected]) one.dispose();
}

async function allocatesAsPlanned(device: GPUDevice, assets: Assets, recipe: Recipe): Promise<void> {
  const spy = spyOn(device);
  const ascent = await createAscent(new Gpu(spy.device, ""), await embedded(assets), recipe);
  await ascent.prepare();
  const live = spy.liveBytes();
  if (live !== ascent.allocatedBytes)
    throw new Error(`${live} bytes live, ${ascent.allocatedBytes} reported`);
  // Beyond the plan: 256 bytes of uniform a dispatch, and two read-back buffers of 256 iterations.
  const { buffers, bytes } = ascent.plan;
  const expected = bytes + 256 * ascent.plan.dispatches.length + 2 * 4 * 256 * recipe.batch;
  if (live !== expected) throw new Error(`${live} bytes live, ${expected} planned`);
  if (buffers.every((buffer) => !buffer.temporary))
    throw new Error("no temporary buffer to free in this plan");
  await finish(ascent, { iterations: 3, objective: true });
  if (spy.liveBytes() !== live) throw new Error("stepping changed what is allocated");
  ascent.dispose();
  if (spy.liveBytes() !== 0) throw new Error(`${spy.liveBytes()} bytes live after dispose()`);
}

async function repeats(device: GPUDevice, assets: Assets, wanted: Recipe): Promise<void> {
  const gpu = gpuOf(device);
  const model = await embedded(assets);
  // Half the size, then the whole one with the redirect, then without.
  const recipe = { ...wanted, coarse: 8 };
  const images: Float32Array[] = [];
  const objectives: string[] = [];
  // Other submissions, a reset and another ascent must not change a bit.
  const first = await createAscent(gpu, model, recipe);
  objectives.push(String(await finish(first, { iterations: 20, objective: true, frameMs: 1 })));
  images.push(await first.readImage());
  await first.reset();
  await first.step();
  await finish(first, { iterations: 19, frameMs: 2000 });
  images.push(await first.readImage());
  const second = await createAscent(gpu, model, recipe);
  objectives.push(String(await finish(second, { iterations: 20, objective: true, frameMs: 2000 })));
  images.push(await second.readImage());
  if (objectives[0] !== objectives[1]) throw new Error("the objective of the same recipe differs");
  for (const image of images.slice(1)) {
    const differs = image.findIndex((value, i) => !Object.is(value, images[0]?.[i]));
    if (differs >= 0) throw new Error(`image[${differs}] is ${image[differs]}, was ${images[0]?.[differs]}`);
  }
  await second.reset({ seed: 8 });
  await finish(second, { iterations: 20 });
  const other = await second.readImage();
  if (relativeL2(other, images[0] ?? []) < 1e-3) throw new Error("another seed gave the same image");
  first.dispose();
  second.dispose();
}

/** Iterations at half the size and then at the whole one are two ascents, the second from the first's image enlarged. */
async function beginsCoarse(device: GPUDevice, assets: Assets): Promise<void> {
  const gpu = gpuOf(device);
  const model = await embedded(assets);
  const recipe = {
    ...defaultRecipe,
    objective: "channel:conv4_1:3",
    size: [37, 40] as const,
    redirect: false,
  };
  const ascend = async (changes: Partial<Recipe>, iterations: number, photo?: Float32Array) => {
    const ascent = await createAscent(gpu, model, { ...recipe, ...changes }, { photo });
    const objective = await finish(ascent, { iterations, objective: true });
    const image = await ascent.readImage();
    ascent.dispose();
    return { objective: objective.flat(), image };
  };
  const half = [19, 20] as const;
  const small = await ascend({ size: half }, 5);
  const enlarged = resizePlanes(small.image, half, recipe.size);
  const large = await ascend({ init: "photo" }, 4, enlarged);
  const between = await ascend({ coarse: 5 }, 5);
  const both = await ascend({ coarse: 5 }, 9);
  const [shown, finished] = [relativeL2(between.image, enlarged), relativeL2(both.image, large.image)];
  if (!(shown < 1e-6)) throw new Error(`while coarse the image is ${shown} off the enlarged one`);
  if (!(finished < 1e-3)) throw new Error(`the image is ${finished} off that of two ascents`);
  const objective = relativeL2(both.objective, [...small.objective, ...large.objective]);
  if (!(objective < 1e-4)) throw new Error(`the objective is ${objective} off that of two ascents`);
}

/** A photograph comes back through the parameterization: in the middle of the range and at its ends. */
async function invertsPhotographs(device: GPUDevice, assets: Assets): Promise<void> {
  const model = await embedded(assets);
  const size = [33, 40] as const;
  const photo = Float32Array.from({ length: 3 * 33 * 40 }, (_, i) =>
    Math.min(1, Math.max(0, 0.5 + 0.8 * Math.sin(i * i))),
  );
  for (const param of ["pixel", "fourier", "laplacian"] as const) {
    const recipe = { ...defaultRecipe, objective: "channel:conv1_1:1", size, param, init: "photo" as const };
    const ascent = await createAscent(gpuOf(device), model, recipe, { photo });
    const image = await ascent.readImage();
    const worst = image.reduce((most, value, i) => Math.max(most, Math.abs(value - (photo[i] ?? 0))), 0);
    if (!(worst < 1 / 255)) throw new Error(`${param} is ${worst} off the photograph`);
    ascent.dispose();
  }
}

/** An inversion's activation comes as near the photograph's, whatever is optimised: squared distance over square. */
async function invertsInAnyParameters(device: GPUDevice, assets: Assets): Promise<void> {
  const model = await embedded(assets);
  const [height, width] = [24, 20];
  const data = Float32Array.from({ length: 3 * height * width }, (_, i) => {
    const [plane, row, column] = [
      Math.floor(i / (height * width)),
      Math.floor(i / width) % height,
      i % width,
    ];
    return 0.5 + 0.3 * Math.sin(0.9 * row + plane) * Math.cos(0.7 * column);
  });
  for (const param of choicesOf(invert.options.param)) {
    const options = { layer: "conv2_1", param, iterations: 200, tv: 0 };
    const image = { shape: [1, 3, height, width], data };
    const context = { runtime: "dawn" as const, startedAt: Date.now() };
    const { report } = await invert.run(gpuOf(device), model, { ...options, image }, context);
    const { objective, finalObjective } = report;
    if (!((objective[0] as number) < -0.5)) throw new Error(`${param} began at ${objective[0]}`);
    if (!(finalObjective > -0.01)) throw new Error(`${param} ended at ${finalObjective}`);
  }
}

/** What the images of a batch share stays one through an ascent, and the rest does not. */
async function sharesCoarseParts(device: GPUDevice, assets: Assets): Promise<void> {
  const model = await embedded(assets);
  for (const param of ["fourier", "laplacian", "maco"] as const) {
    const recipe = {
      ...defaultRecipe,
      ...{ objective: "channel:conv2_1:3,9,1", size: [24, 20] as const, batch: 3, param, share: 2 },
      ...{ init: "noise" as const, optimizer: "adam" as const },
    };
    const ascent = await createAscent(gpuOf(device), model, recipe);
    await finish(ascent, { iterations: 5 });
    const values = await ascent.readValues();
    const { length, coarse } = paramOf(param);
    const [count, mask] = [length(recipe.size, 3), coarse?.(recipe.size, recipe.share, 3)];
    for (let i = 0; i < count; i++) {
      const same = values[i] === values[count + i] && values[i] === values[2 * count + i];
      if (same !== (mask?.[i] === 1))
        throw new Error(`${param}: number ${i} of the images is ${same ? "" : "not "}one`);
    }
    ascent.dispose();
  }
  const pixels = { ...defaultRecipe, objective: "channel:conv2_1:3", size: [24, 20] as const, share: 2 };
  const message = await createAscent(gpuOf(device), model, pixels).then(() => "made", String);
  if (!message.includes("no frequencies")) throw new Error(`pixels with shared frequencies: ${message}`);
}

/** A CPPN at its own size as it stands; at twice the size it is the same picture between the same corners. */
async function drawsAtAnySize(device: GPUDevice, assets: Assets): Promise<void> {
  const gpu = gpuOf(device);
  const model = await embedded(assets);
  const recipe = {
    ...defaultRecipe,
    ...{
      objective: "channel:conv1_1:1",
      size: [9, 13] as const,
      param: "cppn" as const,
      batch: 2,
      lr: 0.005,
    },
    ...{ init: "noise" as const, optimizer: "adam" as const },
  };
  const ascent = await createAscent(gpu, model, recipe);
  await finish(ascent, { iterations: 3 });
  const [image, values] = [await ascent.readImage(), await ascent.readValues()];
  const same = await drawAt(gpu, model, recipe, values, recipe.size);
  const differs = same.findIndex((value, i) => !Object.is(value, image[i]));
  if (differs >= 0)
    throw new Error(`drawn again image[${differs}] is ${same[differs]}, not ${image[differs]}`);
  // Coordinates run from the first pixel's centre to the last one's: every second pixel of 17×25 is one of 9×13.
  const large = await drawAt(gpu, model, recipe, values, [17, 25]);
  const shared = image.map((_, i) => {
    const [plane, row, column] = [Math.floor(i / 117), Math.floor(i / 13) % 9, i % 13];
    return large[(plane * 17 + 2 * row) * 25 + 2 * column] ?? Number.NaN;
  });
  const error = relativeL2(shared, image);
  if (!(error < 1e-5)) throw new Error(`at twice the size the shared pixels are ${error} off`);
  ascent.dispose();
  const pixels = drawAt(gpu, model, { param: "pixel", batch: 1 }, values, [4, 4]);
  const message = await pixels.then(() => "drawn", String);
  if (!message.includes("the size it was optimised at"))
    throw new Error(`pixels at another size: ${message}`);
}

async function startsAtZero(device: GPUDevice, assets: Assets): Promise<void> {
  const recipe = { ...defaultRecipe, objective: "class:3", size: [33, 32] as const };
  const ascent = await createAscent(gpuOf(device), await embedded(assets), recipe);
  const image = await ascent.readImage();
  const mean = [0.485, 0.456, 0.406].map(Math.fround);
  const differs = image.findIndex((value, i) => value !== mean[Math.floor(i / (33 * 32))]);
  if (differs >= 0) throw new Error(`image[${differs}] is ${image[differs]}, not the mean colour`);
  ascent.dispose();
}

async function splitsLargeWeights(device: GPUDevice, assets: Assets): Promise<void> {
  const gpu = gpuOf(device);
  const model = await embedded(assets);
  const recipe = { ...defaultRecipe, objective: "layer:logits", size: [32, 32] as const, batch: 2 };
  const gradients: Float32Array[] = [];
  const slices: number[] = [];
  for (const bindingLimit of [2 ** 27, 40_000, 1]) {
    const ascent = await createAscent(gpu, model, recipe, { bindingLimit });
    slices.push(ascent.plan.buffers.filter(({ name }) => name.startsWith("logits.weight")).length);
    const image = Float32Array.from({ length: 2 * 3 * 32 * 32 }, (_, i) => 0.5 + 0.4 * Math.sin(i * i));
    gradients.push((await ascent.gradient(image)).gradient);
    ascent.dispose();
  }
  const width = model.network.layers.findLast((layer) => layer.kind === "linear")?.inputFeatures ?? 0;
  const expected = [1, Math.ceil(100 / Math.floor(40_000 / (4 * width))), 100];
  if (String(slices) !== String(expected)) throw new Error(`slices ${slices}, not ${expected}`);
  for (const gradient of gradients.slice(1)) {
    const error = relativeL2(gradient, gradients[0] ?? []);
    if (!(error < 1e-6)) throw new Error(`split weights change the gradient by ${error}`);
  }
}

async function stopsWhenItStands(device: GPUDevice, assets: Assets): Promise<void> {
  const recipe = { ...defaultRecipe, objective: "channel:conv1_1:1", size: [9, 9] as const, clamp: true };
  const ascent = await createAscent(gpuOf(device), await embedded(assets), recipe);
  const values = (await finish(ascent, { iterations: 500, until: 1e-3, objective: true })).map(
    ([value]) => value as number,
  );
  const gain = (end: number) => {
    const [now = 0, before = 0] = [values[end - 1], values[end - 21]];
    return (now - before) / Math.abs(before);
  };
  if (values.length !== ascent.iteration || values.length >= 500)
    throw new Error(`ran ${values.length} iterations`);
  if (!(gain(values.length) < 1e-3)) throw new Error(`stopped at a gain of ${gain(values.length)}`);
  for (let end = 21; end < values.length; end += 20) {
    if (gain(end) < 1e-3) throw new Error(`did not stop after ${end} iterations`);
  }
  ascent.dispose();
}

export const cases: readonly GpuCase[] = [
  ...[RECIPE, FOURIER].flatMap((recipe): GpuCase[] => [
    {
      name: `stepping creates nothing and reads back once a submission at most: ${recipe.param}`,
      run: (device, assets) => runsQuietly(device, assets, recipe),
    },
    {
      name: `compiles once, and for the first picture little: ${recipe.param}`,
      run: (device, assets) => preparesOnce(device, assets, recipe),
    },
    {
      name: `what is steered acts as the recipe would: ${recipe.param}`,
      run: (device, assets) => steersLikeRecipes(device, assets, recipe),
    },
    {
      name: `the recipe of a steered course draws it again: ${recipe.param}`,
      run: (device, assets) => drawsItsCourse(device, assets, recipe),
    },
    {
      name: `allocates what the plan says and frees it all: ${recipe.param}`,
      run: (device, assets) => allocatesAsPlanned(device, assets, recipe),
    },
    {
      name: `the same recipe gives the same bits: ${recipe.param}`,
      run: (device, assets) => repeats(device, assets, recipe),
    },
    {
      name: `a plan from JSON gives the same bits: ${recipe.param}`,
      run: (device, assets) => runsFromJson(device, assets, recipe),
    },
  ]),
  { name: "the recipe of a course with a zoom draws it again", run: drawsZoomsCourse },
  { name: "clipping turned on and off acts as the recipe would", run: clipsLikeRecipes },
  { name: "begun again from another start it is a fresh ascent", run: resetsToFresh },
  { name: "begins at half the size and goes on from there", run: beginsCoarse },
  { name: "photographs come back through pixels, spectrum and pyramid", run: invertsPhotographs },
  {
    name: "inversions find the photograph in pixels, spectrum and pyramid",
    run: invertsInAnyParameters,
    once: true,
  },
  { name: "images of a batch share low frequencies", run: sharesCoarseParts },
  { name: "a CPPN is drawn at any size", run: drawsAtAnySize },
  { name: "a zero start is the mean colour exactly", run: startsAtZero },
  { name: "weights over the binding limit are split", run: splitsLargeWeights },
  { name: "stops when the objective stands", run: stopsWhenItStands },
];
