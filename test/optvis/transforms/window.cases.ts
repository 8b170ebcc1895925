/** Single units are computed in a window of the image; objective, gradient and ascent are those of the whole image. */
import { createAscent } from "../../../src/engine/run/ascent.ts";
import { openModel } from "../../../src/model/model.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { defaultRecipe, type Recipe } from "../../../src/optvis/recipe.ts";
import { noiseImage } from "../../fixtures/hashing.ts";
import type { Assets, GpuCase } from "../../stacks/case.ts";
import { relativeL2 } from "../../support/error.ts";
import { gpuOf } from "../../support/gpu.ts";

const EMBEDDED = "weights/ascent-vgg.safetensors";
const SIZE = [61, 83] as const;
/** The same sums in the same order, but for the tiles that pixels fall into. */
const TOLERANCE = 1e-6;

/** In the middle, at corners and edges of odd sizes, several at once, and a direction with a cosine. */
const OBJECTIVES = [
  "neuron:conv3_1:7",
  "neuron:conv3_2:7:14,19",
  "neuron:relu2_2:3:0,0",
  "neuron:conv2_1:5:29,40",
  "neuron:pool2:9:0,19",
  "neuron:conv3_1:7:2,3 - 0.5*neuron:conv2_1:1:20,9 + 2*l2",
  "direction:conv2_2:1=1,2=-2:4,31^1",
];

async function both(device: GPUDevice, assets: Assets, changes: Partial<Recipe> & Pick<Recipe, "objective">) {
  const model = await openModel(bytesSource(EMBEDDED, await assets.read(EMBEDDED)));
  const recipe = { ...defaultRecipe, size: SIZE, ...changes };
  return Promise.all(
    [false, true].map((wholeLayers) =>
      createAscent(gpuOf(device), model, recipe, { plan: { wholeLayers, convVariant: () => "register" } }),
    ),
  );
}

async function agrees(device: GPUDevice, assets: Assets, objective: string): Promise<void> {
  const [part, whole] = await both(device, assets, { objective, batch: 2 });
  if (!part || !whole) throw new Error("there are two");
  if (!(part.plan.executedFlops < whole.plan.executedFlops / 2))
    throw new Error(`${part.plan.executedFlops} operations, not few beside ${whole.plan.executedFlops}`);
  if (part.plan.flops !== whole.plan.flops) throw new Error("the work counted is another");
  const image = noiseImage(5, [2, 3, ...SIZE]);
  const [got, expected] = [await part.gradient(image), await whole.gradient(image)];
  const errors = [relativeL2(got.objective, expected.objective), relativeL2(got.gradient, expected.gradient)];
  if (!errors.every((error) => error < TOLERANCE))
    throw new Error(`objective and gradient are ${errors} off`);
  const outside = got.gradient.findIndex((value, i) => (value === 0) !== (expected.gradient[i] === 0));
  if (outside >= 0) throw new Error(`gradient[${outside}] is ${got.gradient[outside]} in a window`);
  part.dispose();
  whole.dispose();
}

/** Through jitter, redirected ReLUs and the blur, which all see the whole image. */
async function ascends(device: GPUDevice, assets: Assets): Promise<void> {
  const ascents = await both(device, assets, {
    objective: "neuron:conv3_1:7:9,12",
    ...{ jitter: 5, blur: 0.6, blurEvery: 2, l2: 1e-4, optimizer: "adam", lr: 0.02 },
  });
  const images = await Promise.all(
    ascents.map(async (ascent) => {
      for (let i = 0; i < 20; i++) await ascent.step();
      const image = await ascent.readImage();
      ascent.dispose();
      return image;
    }),
  );
  const error = relativeL2(images[0] ?? [], images[1] ?? []);
  if (!(error < 1e-4)) throw new Error(`the image is ${error} off`);
}

export const cases: readonly GpuCase[] = [
  ...OBJECTIVES.map((objective) => ({
    name: `a window for ${objective}`,
    run: (device: GPUDevice, assets: Assets) => agrees(device, assets, objective),
  })),
  { name: "an ascent in a window is that of the whole image", run: ascends, once: true },
];
