/** The whole way down and back: objective and gradient against PyTorch float64 on real networks. */
import { createAscent } from "../../../src/engine/run/ascent.ts";
import { type ConvVariantName, convVariantNames, variantOf } from "../../../src/nn/conv3x3.ts";
import { defaultRecipe } from "../../../src/optvis/recipe.ts";
import { type GradientFixture, gradientFixtures } from "../../fixtures/fixtures.ts";
import type { Assets, GpuCase } from "../../stacks/case.ts";
import { cosine, medianOverRms, relativeL2 } from "../../support/error.ts";
import { gpuOf } from "../../support/gpu.ts";

/** Largest relative L2 error of a gradient; the inputs leave PyTorch's float32 within 1e-5 of float64. */
const TOLERANCE = 1e-4;
/** Largest median of |error| over rms, and smallest cosine, of a gradient made in half precision. */
const HALF_MEDIAN = 5e-3;
const HALF_COSINE = 0.999;
/** What the plain kernels, slow on software adapters, and those that differ little from others have to show. */
const SHORT = "vgg19 layer conv2_2";
/** The longest way through VGG-19: what a further variant has to show. */
const DEEP = "vgg19 conv3_4";

/** Fixtures on which whole last layers are computed too: a channel, a neuron, a layer, a class and a sum. */
const WHOLE = /relu3_3|neuron conv3_1|layer conv2_2|layers summed|tiny logits/;

/** Winograd variants that differ from another one in the product alone. */
const SAME_BUT_FOR_PRODUCT = /^winograd(2_(8x8|16x8|16x16)|4_(8x8|16x4|16x16))$/;

/** The two variants that run by default are shown on every fixture. */
function isShown(variant: ConvVariantName, fixture: string): boolean {
  if (variant === "single" || variant === "winograd4_16x8") return true;
  const short = variant === "plain" || SAME_BUT_FOR_PRODUCT.test(variant);
  return fixture === (short ? SHORT : DEEP);
}

/** Which plans of the last layer are made: whole, or its few channels read; both where it is cheap. */
function planned(variant: ConvVariantName, fixture: string): readonly boolean[] {
  if (variant === "plain") return [true];
  return variant === "single" && WHOLE.test(fixture) ? [false, true] : [false];
}

async function compare(
  device: GPUDevice,
  assets: Assets,
  fixture: GradientFixture,
  variant: ConvVariantName,
): Promise<void> {
  const model = await fixture.openModel(assets);
  const [batch, , height, width] = fixture.shape;
  const recipe = { ...defaultRecipe, objective: fixture.objective, size: [height, width] as const, batch };
  const gpu = gpuOf(device);
  for (const wholeLayers of planned(variant, fixture.name)) {
    const plan = { convVariant: () => variant, wholeLayers };
    const ascent = await createAscent(gpu, model, recipe, { plan });
    const { objective, gradient } = await ascent.gradient(fixture.image());
    ascent.dispose();
    const check = variantOf(variant).precision === "f32" ? expectEqual : expectNear;
    const expected = { objective: fixture.expected, gradient: await fixture.gradient(assets) };
    check({ objective, gradient }, expected, `wholeLayers ${wholeLayers}`);
  }
}

interface Numbers {
  readonly objective: ArrayLike<number>;
  readonly gradient: ArrayLike<number>;
}

function expectEqual(got: Numbers, expected: Numbers, where: string): void {
  const error = relativeL2(got.gradient, expected.gradient);
  if (!(error < TOLERANCE)) throw new Error(`gradient is ${error} off (relative L2), ${where}`);
  const off = relativeL2(got.objective, expected.objective);
  if (!(off < TOLERANCE))
    throw new Error(`objective ${got.objective} is not ${expected.objective}, ${where}`);
}

/** What half precision is held to: some of the ReLU's and the pool's decisions fall the other way. */
function expectNear(got: Numbers, expected: Numbers, where: string): void {
  const median = medianOverRms(got.gradient, expected.gradient);
  const angle = cosine(got.gradient, expected.gradient);
  if (!(median <= HALF_MEDIAN && angle >= HALF_COSINE)) {
    throw new Error(`gradient: median error over rms ${median}, cosine ${angle}, ${where}`);
  }
  const off = relativeL2(got.objective, expected.objective);
  if (!(off <= HALF_MEDIAN))
    throw new Error(`objective ${got.objective}, not ${expected.objective}, ${where}`);
}

export const cases: readonly GpuCase[] = convVariantNames.flatMap((variant) =>
  gradientFixtures
    .filter(({ name }) => isShown(variant, name))
    .map((fixture) => ({
      name: `gradient of ${fixture.name}, ${variant} convolutions`,
      features: variantOf(variant).features,
      needs: fixture.needs,
      run: (device: GPUDevice, assets: Assets) => compare(device, assets, fixture, variant),
    })),
);
