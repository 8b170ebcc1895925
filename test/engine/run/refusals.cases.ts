/** What an ascent refuses, saying what was expected: nothing that cannot be meant reaches the device. */
import { createAscent, type LiveSettings } from "../../../src/engine/run/ascent.ts";
import { drawAt } from "../../../src/engine/run/draw.ts";
import { DeviceError, InputError } from "../../../src/errors.ts";
import { requestGpu } from "../../../src/gpu/device.ts";
import { openModel } from "../../../src/model/model.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { defaultRecipe, type Recipe } from "../../../src/optvis/recipe.ts";
import type { Assets, GpuCase } from "../../stacks/case.ts";
import { gpuOf } from "../../support/gpu.ts";

const EMBEDDED = "weights/ascent-vgg.safetensors";
const RECIPE: Recipe = { ...defaultRecipe, objective: "channel:relu1_1:3", size: [16, 18] };

const CPPN = { param: "cppn", batch: 1 } as const;

async function expectRefusal(what: string, work: () => unknown, message: RegExp): Promise<void> {
  const failure = await (async () => work())().then(
    () => undefined,
    (error: unknown) => error,
  );
  const text = failure instanceof InputError ? `${failure.message}; ${failure.remedy}` : "";
  if (!message.test(text)) throw new Error(`${what}: expected an InputError ${message}, got ${failure}`);
}

async function refuses(device: GPUDevice, assets: Assets): Promise<void> {
  const gpu = gpuOf(device);
  const model = await openModel(bytesSource(EMBEDDED, await assets.read(EMBEDDED)));
  const begin = (changes: Readonly<Record<string, unknown>>, kernels?: string) =>
    createAscent(gpu, model, { ...RECIPE, ...changes } as Recipe, { kernels });

  await expectRefusal("a size", () => begin({ size: 32 }), /^size expects \[height, width\], .*got 32/);
  await expectRefusal("a parameterization", () => begin({ param: "x" }), /^param expects one of pixel,/);
  await expectRefusal(
    "iterations",
    () => begin({ iterations: -1 }),
    /^iterations expects a whole number from 0/,
  );
  await expectRefusal("no objective", () => begin({ objective: undefined }), /^objective expects 1 to/);
  await expectRefusal(
    "a crop",
    () => begin({ size: [3, 3], transforms: "crop:2", objective: "channel:pool1:3" }),
    /^transforms crop:2: size 1×1: pool1 has nothing left of .*; let them leave more of the image/,
  );
  await expectRefusal(
    "a pin",
    () => begin({}, "conv9=register"),
    /no convolution named conv9; there are conv1_1 /,
  );

  const ascent = await begin({});
  const before = await ascent.readImage();
  const live: readonly (readonly [LiveSettings, RegExp])[] = [
    [{ lr: Number.NaN }, /^lr expects a number from 0 to .*, got NaN/],
    [{ l2: -1 }, /^l2 expects a number from 0/],
    [{ strength: 2 }, /^strength expects a number from 0 to 1, got 2/],
  ];
  for (const [settings, message] of live)
    await expectRefusal(JSON.stringify(settings), () => ascent.set(settings), message);
  if (ascent.recipe.lr !== RECIPE.lr) throw new Error(`the refused rate stayed: ${ascent.recipe.lr}`);
  await ascent.step();
  const after = await ascent.readImage();
  if (!after.every(Number.isFinite) || after.every((x, i) => x === before[i]))
    throw new Error("what was refused acted all the same");

  const numbers = new Float32Array(5);
  await expectRefusal("an image", () => ascent.writeImage(numbers), /^the image expects \d+ numbers, got 5/);
  await expectRefusal("parameters", () => drawAt(gpu, model, CPPN, numbers, [4, 4]), /got 5; give what/);
  await expectRefusal(
    "an activation",
    () => ascent.readActivation("conv1_2"),
    /^this ascent does not keep the/,
  );
  await expectRefusal("a map", () => ascent.readCam(), /^this ascent does not keep a Grad-CAM; make one/);

  ascent.dispose();
  ascent.dispose();
  const run = async () => {
    for await (const { iteration } of ascent.run({ iterations: 2 }))
      throw new Error(`went on to ${iteration}`);
  };
  const disposed = /^this ascent is disposed; make a new one/;
  await expectRefusal("run", run, disposed);
  await expectRefusal("step", () => ascent.step(), disposed);
  await expectRefusal("read", () => ascent.readImage(), disposed);
}

/** What is asked of a device that is gone fails as such, whichever promise of WebGPU is the first to tell. */
async function saysThatTheDeviceIsGone(_: GPUDevice, assets: Assets, webgpu: GPU): Promise<void> {
  const gpu = await requestGpu(webgpu);
  const model = await openModel(bytesSource(EMBEDDED, await assets.read(EMBEDDED)));
  const ascent = await createAscent(gpu, model, RECIPE);
  await ascent.prepare();
  gpu.dispose();
  for (const work of [() => ascent.readImage(), () => ascent.step(), () => ascent.gradient()]) {
    const failure = await work().then(
      () => "nothing failed",
      (error: unknown) => error,
    );
    if (!(failure instanceof DeviceError)) throw new Error(`expected a DeviceError, got ${failure}`);
  }
}

export const cases: readonly GpuCase[] = [
  { name: "refuses what cannot be meant, and what comes after the end", needs: [EMBEDDED], run: refuses },
  { name: "says that the device is gone", run: saysThatTheDeviceIsGone },
];
