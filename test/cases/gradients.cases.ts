/** The whole way down and back: objective and gradient against PyTorch float64 on real networks. */
import { createAscent } from "../../src/engine/ascent.ts";
import { Gpu } from "../../src/gpu/device.ts";
import { type ConvVariant, convFamily, convVariants } from "../../src/nn/conv3x3.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import { type GradientFixture, gradientFixtures } from "../fixtures/fixtures.ts";
import type { Assets, GpuCase } from "../stacks/case.ts";
import { relativeL2 } from "./error.ts";

/** Largest relative L2 error of a gradient; the inputs leave PyTorch's float32 within 1e-5 of float64. */
const TOLERANCE = 1e-4;
/** Fixtures that reach every layer kind at little cost, for the plain kernels, slow on software adapters. */
const SHORT = ["vgg19 layer conv2_2", "tiny logits, batch of 3"];
/** The longest way through VGG-19, a batch, and linear layers: what a further family of kernels has to show. */
const DEEP = ["vgg19 conv3_4", "vgg19 batch of 2", "tiny logits, batch of 3"];

/** The default family is shown on every fixture. */
function isShown(variant: ConvVariant, fixture: string): boolean {
  if (variant === "register") return true;
  return (variant === "plain" ? SHORT : DEEP).includes(fixture);
}

async function compare(
  device: GPUDevice,
  assets: Assets,
  fixture: GradientFixture,
  variant: ConvVariant,
): Promise<void> {
  const model = await fixture.openModel(assets);
  const [batch, , height, width] = fixture.shape;
  const recipe = { ...defaultRecipe, objective: fixture.objective, size: [height, width] as const, batch };
  const gpu = new Gpu(device, "");
  for (const wholeLayers of variant === "plain" ? [true] : [false, true]) {
    const plan = { convVariant: () => variant, wholeLayers };
    const ascent = await createAscent(gpu, model, recipe, { plan });
    const { objective, gradient } = await ascent.gradient(fixture.image());
    const error = relativeL2(gradient, await fixture.gradient(assets));
    if (!(error < TOLERANCE))
      throw new Error(`gradient is ${error} off (relative L2), wholeLayers ${wholeLayers}`);
    const off = relativeL2(objective, fixture.expected);
    if (!(off < TOLERANCE)) throw new Error(`objective ${objective} is not ${fixture.expected}`);
    ascent.dispose();
  }
}

export const cases: readonly GpuCase[] = convVariants.flatMap((variant) =>
  gradientFixtures
    .filter(({ name }) => isShown(variant, name))
    .map((fixture) => ({
      name: `gradient of ${fixture.name}, ${variant} convolutions`,
      features: convFamily(variant).features,
      needs: fixture.needs,
      run: (device: GPUDevice, assets: Assets) => compare(device, assets, fixture, variant),
    })),
);
