/**
 * Gradients on photographs. Flat and saturated regions put ReLU and pool decisions close to ties, rounding flips
 * some, and each flip moves the gradient around it; so not the worst or the sum of errors is held to float64,
 * but the median, over all pixels and again over the border, where padding is at work.
 */
import { createAscent } from "../../src/engine/run/ascent.ts";
import type { Model } from "../../src/model/network.ts";
import { type ConvVariantName, variantOf } from "../../src/nn/conv3x3.ts";
import { parseObjective } from "../../src/optvis/objective.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import { openWeights } from "../fixtures/fixtures.ts";
import { deepestLayer, objectiveGradient, referenceWeights } from "../reference/network.ts";
import { subtractMean } from "../reference/preprocess.ts";
import { tensor } from "../reference/tensor.ts";
import type { Assets, GpuCase } from "../stacks/case.ts";
import { cosine, medianOverRms } from "../support/error.ts";
import { gpuOf } from "../support/gpu.ts";

const FILE = "vgg19_conv1_1-conv3_4.f32.safetensors";
/**
 * Median of |error| over the root mean square of the gradient, by variant: those that run by default and one of each other
 * way to compute. What Winograd's transforms round lies below the 1e-4 that float32 is held to, half precision's below
 * 5e-3.
 */
const TOLERANCES: Readonly<Partial<Record<ConvVariantName, number>>> = {
  single: 1e-5,
  register: 1e-5,
  winograd2_16x4: 1e-4,
  winograd4_16x4: 1e-4,
  winograd4_16x8: 1e-4,
  half: 5e-3,
};

/** With float64, of any variant, whichever decisions fall the other way. */
const COSINE = 0.999;

interface Photograph {
  readonly photo: string;
  readonly size: readonly [height: number, width: number];
  readonly objective: string;
}

const photographs: readonly Photograph[] = [
  { photo: "tabby", size: [33, 45], objective: "channel:conv3_4:17" },
  { photo: "coral_reef", size: [39, 29], objective: "channel:relu3_3:7" },
];

async function compare(
  device: GPUDevice,
  assets: Assets,
  { photo, size, objective }: Photograph,
): Promise<void> {
  const bytes = await assets.read(pixelsOf(photo, size));
  const image = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const model = await openWeights(assets, FILE, "caffe");
  const expected = await referenceGradient(model, objective, image, size);
  const recipe = { ...defaultRecipe, objective, size };
  for (const [name, tolerance] of Object.entries(TOLERANCES)) {
    const variant = name as ConvVariantName;
    if (!variantOf(variant).features.every((feature) => device.features.has(feature))) continue;
    const plan = { convVariant: () => variant };
    const ascent = await createAscent(gpuOf(device), model, recipe, { plan });
    const { gradient } = await ascent.gradient(image);
    ascent.dispose();
    const everywhere = medianOverRms(gradient, expected);
    if (!(everywhere < tolerance)) throw new Error(`${variant}: median error over rms is ${everywhere}`);
    const border = medianOverRms(borderOf(gradient, size), borderOf(expected, size));
    if (!(border < tolerance)) throw new Error(`${variant}, border: median error over rms is ${border}`);
    const angle = cosine(gradient, expected);
    if (!(angle >= COSINE)) throw new Error(`${variant}: cosine ${angle}`);
  }
}

/** By the float64 twin, which equals PyTorch's float64 (`network.test.ts`). */
async function referenceGradient(
  model: Model,
  objective: string,
  image: Float32Array,
  [height, width]: readonly [number, number],
): Promise<Float64Array> {
  const { terms } = parseObjective(objective, model.network);
  const weights = await referenceWeights(model, deepestLayer(model.network, terms));
  const u = subtractMean(tensor([1, 3, height, width], image), model.preprocess);
  return objectiveGradient(model, weights, terms, u).gradient.data;
}

/** The outermost ring of pixels, all three colours. */
function borderOf(values: ArrayLike<number>, [height, width]: readonly [number, number]): Float64Array {
  return Float64Array.from(values).filter((_, i) => {
    const row = Math.floor(i / width) % height;
    const column = i % width;
    return row === 0 || column === 0 || row === height - 1 || column === width - 1;
  });
}

function pixelsOf(photo: string, [height, width]: readonly [number, number]): string {
  return `../shared/data/photos/${photo}.jpg?${height}x${width}`;
}

export const cases: readonly GpuCase[] = photographs.map((photograph) => ({
  name: `gradient of ${photograph.objective} on the photograph ${photograph.photo}`,
  needs: [`../shared/data/weights/${FILE}`, pixelsOf(photograph.photo, photograph.size)],
  run: (device, assets) => compare(device, assets, photograph),
}));
