/** Half precision on weights of any size: scales follow the range of the numbers, and what overflows stops the run. */
import { createAscent } from "../../../src/engine/run/ascent.ts";
import { InputError } from "../../../src/errors.ts";
import { openModel } from "../../../src/model/model.ts";
import type { LayerWeights, Model } from "../../../src/model/network.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { defaultRecipe, type Recipe } from "../../../src/optvis/recipe.ts";
import type { Assets, GpuCase } from "../../stacks/case.ts";
import { cosine } from "../../support/error.ts";
import { gpuOf } from "../../support/gpu.ts";

const EMBEDDED = "weights/ascent-vgg.safetensors";
const RECIPE = { ...defaultRecipe, objective: "channel:relu2_2:3", size: [18, 21] as const, batch: 2 };
const IMAGE = Float32Array.from({ length: 2 * 3 * 18 * 21 }, (_, i) => 0.5 + 0.4 * Math.sin(i * i));

/** The embedded network with conv1_1 times 2^first and the weights of conv2_1, to which a max-pool leads, times 2^second. */
async function scaled(assets: Assets, first: number, second: number): Promise<Model> {
  const model = await openModel(bytesSource(EMBEDDED, await assets.read(EMBEDDED)));
  const times = (numbers: Float32Array, exponent: number) => numbers.map((x) => x * 2 ** exponent);
  return {
    ...model,
    async layerWeights(layer): Promise<LayerWeights> {
      const { weight, bias } = await model.layerWeights(layer);
      if (layer.name === "conv1_1") return { weight: times(weight, first), bias: times(bias, first) };
      return layer.name === "conv2_1" ? { weight: times(weight, second), bias } : { weight, bias };
    },
  };
}

async function ascentOf(device: GPUDevice, model: Model, kernels: string, recipe: Recipe = RECIPE) {
  return createAscent(gpuOf(device), model, recipe, { kernels });
}

/** Activations of 2^up where half precision ends at 2^16, in a network that is the same all the same. */
async function followsTheRange(device: GPUDevice, assets: Assets): Promise<void> {
  const found = async (up: number, kernels: string) => {
    const ascent = await ascentOf(device, await scaled(assets, up, -up), kernels);
    for (let i = 0; i < 3; i++) await ascent.step();
    const { objective, gradient } = await ascent.gradient(IMAGE);
    ascent.dispose();
    return [...objective, ...gradient];
  };
  const plain = await found(0, "half");
  for (const up of [60, 110]) {
    const other = await found(up, "half");
    const differs = other.findIndex((value, i) => !Object.is(value, plain[i]));
    if (differs >= 0)
      throw new Error(`2^${up}: number ${differs} is ${other[differs]}, not ${plain[differs]}`);
  }
  const angle = cosine(plain, await found(110, "register"));
  if (!(angle >= 0.999)) throw new Error(`cosine ${angle} with float32`);
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function expectOverflow(failure: unknown, where: RegExp): void {
  if (failure instanceof InputError && /half precision overflowed/.test(failure.message)) {
    if (where.test(failure.message) && /without kernels in half precision/.test(failure.remedy ?? "")) return;
  }
  throw new Error(`expected an InputError of an overflow, ${where}, got ${failure}`);
}

/**
 * Activations over float32's largest stop a run of half precision, whether or not its objective is listened to; reset
 * lets it begin again. Nobody looks in float32, which is not asked for at one's own risk.
 */
async function stopsAtAnOverflow(device: GPUDevice, assets: Assets, kernels: string): Promise<void> {
  const ascent = await ascentOf(device, await scaled(assets, 100, 40), kernels);
  for (const objective of [false, true]) {
    const run = async () => {
      for await (const { iteration } of ascent.run({ iterations: 40, objective }))
        throw new Error(`went on to ${iteration}`);
    };
    expectOverflow(await failureOf(run()), /^iteration 1:/);
    await ascent.reset();
  }
  expectOverflow(await failureOf(ascent.gradient(IMAGE)), /^the gradient:/);
  ascent.dispose();
  const float32 = await ascentOf(device, await scaled(assets, 100, 40), "register");
  await float32.step();
  await float32.step();
  float32.dispose();
}

/** A step too far makes the second iteration overflow, with the third already on its way. */
async function tellsWhichOverflowed(device: GPUDevice, assets: Assets): Promise<void> {
  const far = { ...RECIPE, lr: 1e9 };
  const ascent = await ascentOf(device, await scaled(assets, 110, -110), "half", far);
  const run = async () => {
    for await (const _ of ascent.run({ iterations: 40 }));
  };
  expectOverflow(await failureOf(run()), /^iteration 2:/);
  ascent.dispose();
}

/** An image that overflowed says nothing about the next one. */
async function forgetsAnImage(device: GPUDevice, assets: Assets): Promise<void> {
  const ascent = await ascentOf(device, await scaled(assets, 60, -60), "half");
  const bright = IMAGE.map((x) => 1e30 * x);
  expectOverflow(await failureOf(ascent.gradient(bright)), /^the gradient:/);
  ascent.writeImage(IMAGE);
  await ascent.step();
  ascent.dispose();
}

/** A photograph to compare with that overflows is told before anything is compared. */
async function tellsAPhotograph(device: GPUDevice, assets: Assets): Promise<void> {
  const model = await scaled(assets, 60, -60);
  const recipe = { ...RECIPE, objective: "invert:relu2_2" };
  const target = IMAGE.subarray(0, IMAGE.length / RECIPE.batch);
  const made = (photo: Float32Array) =>
    createAscent(gpuOf(device), model, recipe, { kernels: "half", target: photo });
  const bright = target.map((x) => 1e30 * x);
  expectOverflow(await failureOf(made(bright)), /^the photograph compared with:/);
  const ascent = await made(target);
  await ascent.step();
  ascent.dispose();
}

export const cases: readonly GpuCase[] = [
  {
    name: "half precision: any power of two between two layers changes no bit",
    features: ["shader-f16"],
    run: followsTheRange,
  },
  ...["half", "conv2_1=half"].map(
    (kernels): GpuCase => ({
      name: `half precision: an overflow stops the run and says so: ${kernels}`,
      features: ["shader-f16"],
      run: (device, assets) => stopsAtAnOverflow(device, assets, kernels),
    }),
  ),
  {
    name: "half precision: the iteration that overflowed is told, not those after it",
    features: ["shader-f16"],
    run: tellsWhichOverflowed,
  },
  {
    name: "half precision: an image that overflowed is forgotten with the next",
    features: ["shader-f16"],
    run: forgetsAnImage,
  },
  {
    name: "half precision: a photograph to compare with that overflows is told",
    features: ["shader-f16"],
    run: tellsAPhotograph,
  },
];
