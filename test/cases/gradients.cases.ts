/** The whole way down and back: objective and gradient against PyTorch float64 on real networks. */
import { createAscent } from "../../src/engine/ascent.ts";
import { Gpu } from "../../src/gpu/device.ts";
import { openModel } from "../../src/model/model.ts";
import type { Preprocess } from "../../src/model/network.ts";
import { readHeader, readTensor } from "../../src/model/safetensors.ts";
import { bytesSource } from "../../src/model/source.ts";
import { type ConvVariant, convVariants } from "../../src/nn/conv3x3.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import fixtures from "../fixtures/gradients.json" with { type: "json" };
import { noiseImage } from "../fixtures/hashing.ts";
import type { Assets, GpuCase } from "../stacks/case.ts";
import { relativeL2 } from "./error.ts";

type Fixture = (typeof fixtures)[number];

/** Largest relative L2 error of a gradient; the inputs leave PyTorch's float32 within 1e-5 of float64. */
const TOLERANCE = 1e-4;
/** The plain kernels are slow on software adapters: these fixtures reach every layer kind at little cost. */
const PLAIN = ["vgg19 layer conv2_2", "tiny logits, batch of 3"];

async function compare(
  device: GPUDevice,
  assets: Assets,
  fixture: Fixture,
  variant: ConvVariant,
): Promise<void> {
  const weights = await assets.read(`../shared/data/weights/${fixture.file}`);
  const model = await openModel(bytesSource(fixture.file, weights), {
    preprocess: fixture.preprocess as Preprocess,
    padding: fixture.padding as 0 | 1,
  });
  const [batch, , height, width] = fixture.shape as [number, number, number, number];
  const recipe = { ...defaultRecipe, objective: fixture.objective, size: [height, width] as const, batch };
  const gpu = new Gpu(device, "");
  for (const wholeLayers of variant === "plain" ? [true] : [false, true]) {
    const plan = { convVariant: () => variant, wholeLayers };
    const ascent = await createAscent(gpu, model, recipe, { plan });
    const { objective, gradient } = await ascent.gradient(noiseImage(fixture.seed, fixture.shape));
    const expected = await expectedGradient(assets, fixture.name);
    const error = relativeL2(gradient, expected);
    if (!(error < TOLERANCE))
      throw new Error(`gradient is ${error} off (relative L2), wholeLayers ${wholeLayers}`);
    const off = relativeL2(objective, fixture.expected);
    if (!(off < TOLERANCE)) throw new Error(`objective ${objective} is not ${fixture.expected}`);
    ascent.dispose();
  }
}

async function expectedGradient(assets: Assets, name: string): Promise<Float32Array> {
  const path = "test/fixtures/gradients.safetensors";
  const source = bytesSource(path, await assets.read(path));
  return (await readTensor(source, await readHeader(source), name)).data;
}

export const cases: readonly GpuCase[] = convVariants.flatMap((variant) =>
  fixtures
    .filter(({ name }) => variant !== "plain" || PLAIN.includes(name))
    .map((fixture) => ({
      name: `gradient of ${fixture.name}, ${variant} convolutions`,
      needs: [`../shared/data/weights/${fixture.file}`],
      run: (device: GPUDevice, assets: Assets) => compare(device, assets, fixture, variant),
    })),
);
