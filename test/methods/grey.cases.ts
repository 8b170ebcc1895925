/** Every method on a network that reads one channel, given a photograph in RGB and its grey. */
import type { AnyMethod } from "../../src/methods/method.ts";
import { methods } from "../../src/methods/methods.ts";
import type { Result, Tensor } from "../../src/methods/report.ts";
import { openModel } from "../../src/model/model.ts";
import type { Model } from "../../src/model/network.ts";
import { writeSafetensors } from "../../src/model/safetensors.ts";
import { bytesSource } from "../../src/model/source.ts";
import { allInColours } from "../../src/optvis/grey.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import { noiseImage } from "../fixtures/hashing.ts";
import type { GpuCase } from "../stacks/case.ts";
import { expectExact } from "../support/compare.ts";
import { gpuOf } from "../support/gpu.ts";

const SIZE = [24, 28] as const;
const AREA = SIZE[0] * SIZE[1];

async function greyNetwork(): Promise<Model> {
  const noise = (seed: number, shape: readonly number[]) => ({
    shape,
    data: noiseImage(seed, shape).map((x) => x - 0.45),
  });
  const bytes = writeSafetensors(
    {
      "features.0.weight": noise(1, [6, 1, 3, 3]),
      "features.0.bias": noise(2, [6]),
      "features.3.weight": noise(3, [8, 6, 3, 3]),
      "features.3.bias": noise(4, [8]),
      "classifier.weight": noise(5, [4, 8]),
      "classifier.bias": noise(6, [4]),
    },
    { preprocess: "mean=0.4;std=0.3" },
  );
  return openModel(bytesSource("grey", bytes), { layers: "conv pool conv pool" });
}

const OBJECTIVE = { objective: "class:2" };
const LAYER = { layer: "conv2_1" };

/** What each is about, with few steps. Those that are not here are given no images. */
const OPTIONS: Readonly<Record<string, object>> = {
  saliency: OBJECTIVE,
  guided: OBJECTIVE,
  smoothgrad: { ...OBJECTIVE, samples: 3 },
  integrated: { ...OBJECTIVE, steps: 4 },
  gradcam: OBJECTIVE,
  gradient: OBJECTIVE,
  examples: OBJECTIVE,
  classify: {},
  fool: { objective: "class:3", iterations: 4 },
  dream: { objective: "layer:relu2_1", iterations: 2, octaves: 2 },
  grid: { ...LAYER, cells: 2, cell: 20, iterations: 2 },
  invert: { ...LAYER, iterations: 3 },
  caricature: { ...LAYER, iterations: 3 },
};

async function runs(device: GPUDevice, name: keyof typeof methods): Promise<void> {
  const method: AnyMethod = methods[name];
  const model = await greyNetwork();
  const rgb = noiseImage(7, [1, 3, ...SIZE]);
  const images: readonly Tensor[] = [
    { shape: [1, 3, ...SIZE], data: rgb },
    { shape: [1, 1, ...SIZE], data: allInColours(rgb, 1, AREA, 1) },
  ];
  const found: Result<object>[] = [];
  for (const image of images) {
    const options = { ...OPTIONS[name], image };
    method.check?.(model, options);
    const result = await method.run(gpuOf(device), model, options, { runtime: "browser", startedAt: 0 });
    const drawn = method.picture?.draw(result, options);
    const planes = (drawn?.rgb.length ?? 0) / ((drawn?.size[0] ?? 1) * (drawn?.size[1] ?? 1));
    if (drawn && planes !== ("image" in result.tensors ? 1 : 3))
      throw new Error(`a picture of ${planes} planes`);
    found.push(result);
  }
  const [ofRgb, ofGrey] = found.map(({ tensors }) => tensors as Readonly<Record<string, Tensor>>);
  for (const [tensor, { shape, data }] of Object.entries(ofRgb ?? {})) {
    if (shape.length === 4 && shape[1] !== 1) throw new Error(`${tensor} is ${shape.join("×")}`);
    if (shape.reduce((a, b) => a * b, 1) !== data.length)
      throw new Error(`${tensor}: ${data.length} numbers`);
    if (!data.every(Number.isFinite)) throw new Error(`${tensor} is not finite`);
    if (data.length > 1 && data.every((x) => x === data[0]))
      throw new Error(`${tensor} is the same everywhere`);
    expectExact(tensor, data, ofGrey?.[tensor]?.data as Float32Array);
  }
}

/** What draws without a photograph: a batch as a wall of grey. */
async function renders(device: GPUDevice): Promise<void> {
  const { render } = methods;
  const recipe = { ...defaultRecipe, objective: "class:1", size: SIZE, batch: 2, alpha: true, iterations: 3 };
  const options = { recipe };
  const context = { runtime: "browser", startedAt: 0 } as const;
  const result = await render.run(gpuOf(device), await greyNetwork(), options, context);
  const { image, alpha } = result.tensors;
  const shapes = [image?.shape, alpha?.shape].map(String);
  if (shapes.some((shape) => shape !== String([2, 1, ...SIZE]))) throw new Error(`made ${shapes.join("; ")}`);
  const drawn = render.picture?.draw(result, options);
  if (drawn?.rgb.length !== 2 * AREA || drawn?.alpha?.length !== 2 * AREA)
    throw new Error("the wall is not grey");
}

export const cases: readonly GpuCase[] = [
  ...(Object.keys(OPTIONS) as (keyof typeof methods)[]).map((name) => ({
    name: `a method on a network that reads grey: ${name}`,
    run: (device: GPUDevice) => runs(device, name),
  })),
  { name: "a method on a network that reads grey: render", run: renders },
];
