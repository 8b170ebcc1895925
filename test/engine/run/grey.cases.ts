/**
 * Networks that read one channel. A network that reads RGB and whose first convolution has zeros for green and blue sees
 * the red channel alone, so its ascents are known to be right: the grey network's image is its red.
 */
import { createAscent } from "../../../src/engine/run/ascent.ts";
import { openModel } from "../../../src/model/model.ts";
import type { Model } from "../../../src/model/network.ts";
import { writeSafetensors } from "../../../src/model/safetensors.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { allInColours } from "../../../src/optvis/grey.ts";
import { defaultRecipe, type ParamKind, type Recipe } from "../../../src/optvis/recipe.ts";
import { noiseImage } from "../../fixtures/hashing.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { relativeL2 } from "../../support/error.ts";
import { gpuOf } from "../../support/gpu.ts";

const SIZE = [26, 31] as const;
const AREA = SIZE[0] * SIZE[1];
const OUTPUTS = 6;

/** Two blocks and a head. @param redAlone the same reading RGB, with zeros for green and blue */
async function network(redAlone: boolean): Promise<Model> {
  const noise = (seed: number, shape: readonly number[]) => ({
    shape,
    data: noiseImage(seed, shape).map((x) => x - 0.45),
  });
  const grey = noise(1, [OUTPUTS, 1, 3, 3]).data;
  const red = new Float32Array(OUTPUTS * 27);
  for (let k = 0; k < OUTPUTS; k++) red.set(grey.subarray(9 * k, 9 * (k + 1)), 27 * k);
  const first = redAlone
    ? { shape: [OUTPUTS, 3, 3, 3], data: red }
    : { shape: [OUTPUTS, 1, 3, 3], data: grey };
  const bytes = writeSafetensors(
    {
      "features.0.weight": first,
      "features.0.bias": noise(2, [OUTPUTS]),
      "features.3.weight": noise(3, [8, OUTPUTS, 3, 3]),
      "features.3.bias": noise(4, [8]),
      "classifier.weight": noise(5, [4, 8]),
      "classifier.bias": noise(6, [4]),
    },
    { preprocess: redAlone ? "mean=0.4,0.5,0.6;std=0.3,0.7,0.9" : "mean=0.4;std=0.3" },
  );
  return openModel(bytesSource("net", bytes), { layers: "conv pool conv pool" });
}

/** Each with what acts on pixels, gradient or step; the objective reads both blocks. */
const ASCENTS: Readonly<Record<string, Partial<Recipe>>> = {
  "plain, clamped": { lr: 0.05, clamp: true },
  "L2, decay and jitter": { lr: 0.05, l2: 0.001, decay: 0.01, jitter: 5 },
  "two images, transforms": { batch: 2, lr: 0.02, transforms: "pad:4,crop:3,scale:0.2,rotate:20,zoom:0.3" },
  "Adam, blurs": { optimizer: "adam", lr: 0.02, blur: 0.7, blurEvery: 2, blurGradient: 0.5 },
  "clipping by contribution": { lr: 0.05, clipContribution: 20 },
  "clipping by norm": { lr: 0.05, clipNorm: 20 },
  "half the size first": { lr: 0.05, coarse: 4 },
};

async function isRed(device: GPUDevice, changes: Partial<Recipe>): Promise<void> {
  const recipe: Recipe = {
    ...defaultRecipe,
    ...{ objective: "class:2 + 3*channel:conv1_1:4", size: SIZE, init: "zeros", optimizer: "sgd" },
    ...changes,
  };
  const [grey, red] = await Promise.all(
    [false, true].map(async (redAlone) => {
      const ascent = await createAscent(gpuOf(device), await network(redAlone), recipe);
      for (let i = 0; i < 12; i++) await ascent.step();
      const images = await ascent.readImage();
      ascent.dispose();
      return redAlone ? planes(images, recipe.batch) : images;
    }),
  );
  if (grey?.length !== recipe.batch * AREA) throw new Error(`the image has ${grey?.length} numbers`);
  const error = relativeL2(grey, red ?? []);
  if (!(error < 1e-5)) throw new Error(`the image is ${error} from the red one (relative L2)`);
  const moved = grey.reduce((most, x) => Math.max(most, Math.abs(x - 0.4)), 0);
  if (!(moved > 0.01)) throw new Error(`nothing moved: ${moved}`);
}

/** The first plane of each image. */
function planes(images: Float32Array, batch: number): Float32Array {
  const firsts = new Float32Array(batch * AREA);
  for (let n = 0; n < batch; n++) firsts.set(images.subarray(3 * n * AREA, (3 * n + 1) * AREA), n * AREA);
  return firsts;
}

/** Objective and gradient of a grey photograph are those of the network that reads red. */
async function gradientIsRed(device: GPUDevice): Promise<void> {
  const rgb = noiseImage(9, [2, 3, ...SIZE]);
  const grey = allInColours(rgb, 2, AREA, 1);
  const asRed = new Float32Array(rgb.length).fill(0.5);
  for (const n of [0, 1]) asRed.set(grey.subarray(n * AREA, (n + 1) * AREA), 3 * n * AREA);
  const recipe = { ...defaultRecipe, objective: "class:1", size: SIZE, batch: 2 };
  const [ours, red] = await Promise.all(
    [false, true].map(async (redAlone) =>
      createAscent(gpuOf(device), await network(redAlone), recipe, { first: "gradient" }),
    ),
  );
  if (!ours || !red) throw new Error("there are two");
  const expected = await red.gradient(asRed);
  // Given in RGB a photograph is made grey first.
  for (const image of [grey, rgb]) {
    const { objective, gradient } = await ours.gradient(image);
    const errors = [
      relativeL2(objective, expected.objective),
      relativeL2(gradient, planes(expected.gradient, 2)),
    ];
    if (!errors.every((error) => error < 1e-5)) throw new Error(`value and gradient are ${errors} off`);
  }
  ours.dispose();
  red.dispose();
}

/** Every parameterization, opaque and transparent where it can: the score rises, and images have one channel. */
const PARAMS: readonly (Partial<Recipe> & { readonly param: ParamKind })[] = [
  { param: "pixel", alpha: true },
  { param: "fourier" },
  { param: "fourier", alpha: true, batch: 2, share: 2 },
  { param: "laplacian" },
  { param: "laplacian", alpha: true },
  { param: "maco" },
  { param: "cppn", lr: 0.005 },
];

async function rises(device: GPUDevice, changes: Partial<Recipe>): Promise<void> {
  const recipe: Recipe = {
    ...defaultRecipe,
    ...{ objective: "class:2", size: SIZE, init: "noise", optimizer: "adam", lr: 0.05, redirect: false },
    ...changes,
  };
  const { batch } = recipe;
  const ascent = await createAscent(gpuOf(device), await network(false), recipe);
  const before = (await ascent.value())[0] as number;
  for (let i = 0; i < 20; i++) await ascent.step();
  const image = await ascent.readImage();
  const after = (await ascent.value())[0] as number;
  const opacity = await ascent.readAlpha();
  ascent.dispose();
  if (image.length !== batch * AREA || (recipe.alpha && opacity?.length !== batch * AREA))
    throw new Error(`image and opacity have ${image.length} and ${opacity?.length} numbers`);
  if (!image.every(Number.isFinite)) throw new Error("the image is not finite");
  if (!(after > before)) throw new Error(`the score went from ${before} to ${after}`);
}

/** A transparent photograph in RGB begins as its grey, and an inversion compares with one. */
async function photographs(device: GPUDevice): Promise<void> {
  const rgb = noiseImage(3, [3, ...SIZE]);
  const grey = allInColours(rgb, 1, AREA, 1);
  const shared = { ...defaultRecipe, size: SIZE, iterations: 1 };
  const start = async (photo: Float32Array, alpha: boolean) => {
    const recipe: Recipe = { ...shared, objective: "class:0", init: "photo", alpha };
    const ascent = await createAscent(gpuOf(device), await network(false), recipe, { photo });
    const image = await ascent.readImage();
    ascent.dispose();
    return image;
  };
  const begun = [
    await start(rgb, false),
    await start(grey, false),
    await start(Float32Array.of(...rgb, ...new Float32Array(AREA).fill(0.5)), true),
  ];
  for (const image of begun) {
    if (!(relativeL2(image, grey) < 1e-6)) throw new Error("the start is not the photograph's grey");
  }
  const scores = await Promise.all(
    [rgb, grey].map(async (target) => {
      const recipe: Recipe = { ...shared, objective: "invert:conv2_1", init: "zeros" };
      const ascent = await createAscent(gpuOf(device), await network(false), recipe, { target });
      const [ours, same] = [await ascent.value(), await ascent.value(grey)];
      ascent.dispose();
      return [ours[0], same[0]] as const;
    }),
  );
  const [[away, none] = [], [again] = []] = scores;
  if (away !== again || !(Math.abs(none as number) < 1e-6) || !((away as number) < -0.001))
    throw new Error(`the target is another: ${scores.join("; ")}`);
}

export const cases: readonly GpuCase[] = [
  ...Object.entries(ASCENTS).map(([name, changes]) => ({
    name: `grey is red alone: ${name}`,
    run: (device: GPUDevice) => isRed(device, changes),
  })),
  { name: "grey is red alone: value and gradient of photographs", run: gradientIsRed },
  ...PARAMS.map((changes) => ({
    name: `grey images of ${changes.param} parameters${changes.alpha ? ", transparent" : ""}`,
    run: (device: GPUDevice) => rises(device, changes),
  })),
  { name: "grey starts and targets of photographs", run: photographs },
];
