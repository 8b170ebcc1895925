/** Networks in ONNX: gradients against PyTorch in float64, and the same image as from safetensors, bit for bit. */
import { createAscent } from "../../../src/engine/run/ascent.ts";
import { openModel } from "../../../src/model/model.ts";
import type { Model } from "../../../src/model/network.ts";
import { readHeader, readTensor, writeSafetensors } from "../../../src/model/safetensors.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { defaultRecipe } from "../../../src/optvis/recipe.ts";
import type { Assets, GpuCase } from "../../stacks/case.ts";
import { expectExact } from "../../support/compare.ts";
import { relativeL2 } from "../../support/error.ts";
import { gpuOf } from "../../support/gpu.ts";

/** Largest relative L2 error. */
const TOLERANCE = 1e-4;
const FOLDER = "test/fixtures/onnx/";

interface Expected {
  readonly pixels: readonly number[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

/** The layers that `plain.safetensors` does not list itself. */
const LAYERS = [
  { kind: "conv", weight: "0.weight", bias: "0.bias", padding: 1 },
  {
    ...{ kind: "batchnorm", weight: "1.weight", bias: "1.bias" },
    ...{ mean: "1.running_mean", variance: "1.running_var", epsilon: 0.002 },
  },
  { kind: "relu" },
  { kind: "maxpool" },
  { kind: "conv", weight: "4.weight" },
  { kind: "leaky", slope: 0.1 },
  { kind: "avgpool" },
  { kind: "flatten" },
  { kind: "dense", weight: "9.weight", bias: "9.bias" },
  { kind: "tanh" },
  { kind: "dense", weight: "11.weight", bias: "11.bias" },
];

const open = async (assets: Assets, name: string): Promise<Model> =>
  openModel(bytesSource(name, await assets.read(FOLDER + name)), { preprocess: "unit" });

async function compareGradients(device: GPUDevice, assets: Assets, name: string): Promise<void> {
  const text = new TextDecoder().decode(await assets.read(`${FOLDER}expected.json`));
  const { pixels, gradients } = JSON.parse(text) as Expected;
  const model = await open(assets, name);
  for (const [objective, expected] of Object.entries(gradients)) {
    const recipe = { ...defaultRecipe, objective, size: [12, 12] as const };
    const ascent = await createAscent(gpuOf(device), model, recipe);
    const { gradient } = await ascent.gradient(Float32Array.from(pixels));
    ascent.dispose();
    const error = relativeL2(gradient, expected);
    if (!(error < TOLERANCE)) throw new Error(`${objective}: gradient is ${error} off (relative L2)`);
  }
}

async function imageOf(device: GPUDevice, model: Model): Promise<Float32Array> {
  const recipe = { ...defaultRecipe, objective: "class:1", size: [12, 12] as const };
  const ascent = await createAscent(gpuOf(device), model, recipe);
  for (let i = 0; i < 8; i++) await ascent.step();
  const image = await ascent.readImage();
  ascent.dispose();
  return image;
}

async function compareImages(device: GPUDevice, assets: Assets): Promise<void> {
  const listed = { preprocess: "unit", "ascent.layers": JSON.stringify(LAYERS) };
  const source = bytesSource("plain", await assets.read(`${FOLDER}plain.safetensors`));
  const header = await readHeader(source);
  const tensors = await Promise.all(
    [...header.tensors.keys()].map(async (name) => [name, await readTensor(source, header, name)] as const),
  );
  const file = writeSafetensors(Object.fromEntries(tensors), listed);
  const wanted = await imageOf(device, await openModel(bytesSource("plain", file)));
  for (const name of ["exported.onnx", "viewed.onnx"])
    expectExact(name, await imageOf(device, await open(assets, name)), wanted);
  if (wanted.every((value) => value === wanted[0])) throw new Error("nothing moved");
}

export const cases: readonly GpuCase[] = [
  ...["exported.onnx", "viewed.onnx", "folded.onnx"].map((name) => ({
    name: `gradients of a network in ONNX: ${name}`,
    run: (device: GPUDevice, assets: Assets) => compareGradients(device, assets, name),
  })),
  { name: "images of a network in ONNX and in safetensors are the same", run: compareImages },
];
