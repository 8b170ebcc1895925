/**
 * Gradients on photographs. Flat and saturated regions put ReLU and pool decisions close to ties, rounding flips
 * some, and each flip moves the gradient around it; so not the worst or the sum of errors is held to float64,
 * but the median, over all pixels and again over the border, where padding is at work.
 */
import { createAscent } from "../../src/engine/ascent.ts";
import type { Model } from "../../src/model/network.ts";
import { parseObjective } from "../../src/optvis/objective.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import { openWeights } from "../fixtures/fixtures.ts";
import { deepestLayer, objectiveGradient, referenceWeights } from "../reference/network.ts";
import { subtractMean } from "../reference/preprocess.ts";
import { tensor } from "../reference/tensor.ts";
import type { Assets, GpuCase } from "../stacks/case.ts";
import { medianOverRms } from "./error.ts";
import { gpuOf } from "./gpu.ts";

const FILE = "vgg19_conv1_1-conv3_4.f32.safetensors";
/** Median of |error| over the root mean square of the gradient. */
const TOLERANCE = 1e-5;

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
  const ascent = await createAscent(gpuOf(device), model, { ...defaultRecipe, objective, size });
  const { gradient } = await ascent.gradient(image);
  ascent.dispose();
  const everywhere = medianOverRms(gradient, expected);
  if (!(everywhere < TOLERANCE)) throw new Error(`median error over rms is ${everywhere}`);
  const border = medianOverRms(borderOf(gradient, size), borderOf(expected, size));
  if (!(border < TOLERANCE)) throw new Error(`at the border, median error over rms is ${border}`);
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
