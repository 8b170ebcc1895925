/** What images excite: values to the float64 twin of the whole network, patches to where the gradient is not zero. */

import { createAscent } from "../../src/engine/run/ascent.ts";
import { examples } from "../../src/methods/examples.ts";
import type { Sought } from "../../src/methods/method.ts";
import { openModel } from "../../src/model/model.ts";
import type { Model } from "../../src/model/network.ts";
import { receptiveField } from "../../src/model/shapes.ts";
import { bytesSource } from "../../src/model/source.ts";
import type { Window } from "../../src/nn/preprocess.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import { noiseImage } from "../fixtures/hashing.ts";
import { layersTo, networkForward, referenceWeights } from "../reference/network.ts";
import { preprocessForward, subtractMean } from "../reference/preprocess.ts";
import { type Tensor, tensor } from "../reference/tensor.ts";
import type { Assets, GpuCase } from "../stacks/case.ts";
import { gpuOf } from "../support/gpu.ts";

const EMBEDDED = "weights/ascent-vgg.safetensors";
/** More than a batch of eight, and not two of them. */
const COUNT = 11;
/** Odd, and as small as the whole network takes. */
const SIZE = [33, 38] as const;
/** Images whose gradients together reach every pixel that a unit depends on: a max-pool sends each to one of four. */
const LIKELY = 24;
/** Relative to the largest activation; float32 sums of up to 1152 products through five layers. */
const TOLERANCE = 1e-5;

interface Expected {
  readonly value: number;
  readonly position: readonly [y: number, x: number] | null;
}

/** What one image's activation, (C,H,W), says. */
type Judge = (
  at: (channel: number, y: number, x: number) => number,
  height: number,
  width: number,
) => Expected;

/** The strongest of a channel's positions, without a border. */
function strongest(channel: number, border = 0, sign = 1): Judge {
  return (at, height, width) => {
    let best: Expected = { value: -Infinity, position: null };
    for (let y = border; y < height - border; y++) {
      for (let x = border; x < width - border; x++) {
        const value = sign * at(channel, y, x);
        if (value > best.value) best = { value, position: [y, x] };
      }
    }
    return { ...best, value: sign * best.value };
  };
}

/** The place of the strongest position, with the mean over the positions. */
function mean(channel: number, border = 0, sign = 1): Judge {
  return (at, height, width) => {
    let sum = 0;
    for (let y = border; y < height - border; y++)
      for (let x = border; x < width - border; x++) sum += at(channel, y, x);
    const value = (sign * sum) / ((height - 2 * border) * (width - 2 * border));
    return { ...strongest(channel, border, sign)(at, height, width), value };
  };
}

const unit = (channel: number, position: readonly [number, number]): Judge => {
  return (at) => ({ value: at(channel, ...position), position });
};

const LOOKED_FOR: readonly (readonly [name: string, layer: string, sought: Sought, judge: Judge])[] = [
  ["the strongest position of a channel", "conv3_1", { layer: "conv3_1", channel: 7 }, strongest(7)],
  ["a pooled channel's", "pool2", { layer: "pool2", channel: 3 }, strongest(3)],
  ["the mean of a channel", "relu2_2", { objective: "channel:relu2_2:9" }, mean(9)],
  ["a mean within a border", "conv2_1", { objective: "channel:conv2_1:0:border=2" }, mean(0, 2)],
  ["a channel that is to be silent", "conv2_1", { objective: "-1*channel:conv2_1:4" }, mean(4, 0, -1)],
  ["a neuron", "conv3_1", { objective: "neuron:conv3_1:2:0,8" }, unit(2, [0, 8])],
  ["a class", "logits", { objective: "class:5" }, (at) => ({ value: at(5, 0, 0), position: null })],
  [
    "a unit of a linear layer",
    "logits",
    { layer: "logits", channel: 5 },
    (at) => ({ value: at(5, 0, 0), position: null }),
  ],
];

async function agrees(
  device: GPUDevice,
  assets: Assets,
  layer: string,
  sought: Sought,
  judge: Judge,
): Promise<void> {
  const model = await openModel(bytesSource(EMBEDDED, await assets.read(EMBEDDED)));
  const shape = [COUNT, 3, ...SIZE] as const;
  const image = { shape, data: noiseImage(3, shape) };
  const { report } = await examples.run(
    gpuOf(device),
    model,
    { ...sought, image },
    { runtime: "browser", startedAt: 0 },
  );
  const { activation, judged } = await expectedOf(model, layer, tensor(shape, image.data), judge);
  const largest = activation.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  if (report.examples.length !== COUNT)
    throw new Error(`${report.examples.length} examples of ${COUNT} images`);
  for (const [n, { index, value, position }] of report.examples.entries()) {
    const expected = judged[n]!;
    const same = index === n && String(position) === String(expected.position);
    if (!same || !(Math.abs(value - expected.value) <= TOLERANCE * largest))
      throw new Error(
        `image ${n}: ${value} at ${position}, expected ${expected.value} at ${expected.position}`,
      );
  }
}

/** By the float64 twin, which equals PyTorch's float64 (`network.test.ts`). */
async function expectedOf(model: Model, layer: string, rgb: Tensor, judge: Judge) {
  const net = preprocessForward(subtractMean(rgb, model.preprocess), model.preprocess);
  const { outputs } = networkForward(
    layersTo(model.network, layer),
    await referenceWeights(model, layer),
    net,
  );
  const { shape, data } = outputs.get(layer)!;
  const [, channels = 0, height = 1, width = 1] = shape as readonly number[];
  const judged = Array.from({ length: COUNT }, (_, n) =>
    judge((c, y, x) => data[((n * channels + c) * height + y) * width + x]!, height, width),
  );
  return { activation: data, judged };
}

/** In the middle, at an edge and in corners, where parts of the receptive field lie outside; behind odd sizes, pooled. */
const UNITS = [
  ["conv1_1", 3, [0, 0]],
  ["conv2_2", 5, [6, 9]],
  ["conv2_2", 5, [15, 18]],
  ["pool2", 1, [0, 8]],
  ["conv3_1", 7, [3, 4]],
  ["conv3_1", 7, [7, 0]],
] as const;

/** Of many images no gradient leaves the patch, and some reach its outermost rows and columns. */
async function covers(device: GPUDevice, assets: Assets): Promise<void> {
  const model = await openModel(bytesSource(EMBEDDED, await assets.read(EMBEDDED)));
  const shape = [LIKELY, 3, ...SIZE];
  const image = { shape, data: noiseImage(4, shape) };
  for (const [layer, channel, position] of UNITS) {
    const objective = `neuron:${layer}:${channel}:${position}`;
    const context = { runtime: "browser", startedAt: 0 } as const;
    const { report } = await examples.run(gpuOf(device), model, { objective, image }, context);
    const recipe = { ...defaultRecipe, objective, size: SIZE, batch: LIKELY };
    const ascent = await createAscent(gpuOf(device), model, recipe, { plan: { wholeLayers: true } });
    const { gradient } = await ascent.gradient(image.data);
    ascent.dispose();
    const [got, expected] = [report.examples[0]!.patch, support(gradient)];
    if (Object.entries(expected).some(([side, value]) => got[side as keyof Window] !== value))
      throw new Error(
        `${objective}: patch ${JSON.stringify(got)}, gradients are in ${JSON.stringify(expected)}`,
      );
    const { size } = receptiveField(model.network, layer);
    if (Math.max(got.height, got.width) > size) throw new Error(`${objective}: larger than ${size}`);
  }
}

/** The smallest box that holds every pixel whose gradient is not zero in one of the images, (N,3,H,W). */
function support(gradient: Float32Array): Window {
  const area = SIZE[0] * SIZE[1];
  const [rows, columns] = [new Set<number>(), new Set<number>()];
  gradient.forEach((value, i) => {
    if (value === 0) return;
    rows.add(Math.floor((i % area) / SIZE[1]));
    columns.add(i % SIZE[1]);
  });
  const [y, x] = [Math.min(...rows), Math.min(...columns)];
  return { y, x, height: Math.max(...rows) + 1 - y, width: Math.max(...columns) + 1 - x };
}

async function refuses(device: GPUDevice, assets: Assets): Promise<void> {
  const model = await openModel(bytesSource(EMBEDDED, await assets.read(EMBEDDED)));
  const image = { shape: [1, 3, ...SIZE], data: noiseImage(4, [1, 3, ...SIZE]) };
  const context = { runtime: "browser", startedAt: 0 } as const;
  const asked: readonly (readonly [Sought, RegExp])[] = [
    [{ objective: "channel:conv1_1:0,1" }, /channels says nothing about one image by itself/],
    [{ objective: "caricature:conv1_1" }, /caricature says nothing/],
    [{ objective: "class:1 + diversity:conv2_1" }, /diversity says nothing/],
    [{ layer: "conv1_1", channel: 1000 }, /conv1_1 has no channel 1000/],
    [{ layer: "conv9_1", channel: 0 }, /"conv9_1" is not in/],
  ];
  for (const [sought, says] of asked) {
    const outcome = await examples.run(gpuOf(device), model, { ...sought, image }, context).catch(String);
    if (typeof outcome !== "string" || !says.test(outcome))
      throw new Error(`${JSON.stringify(sought)}: expected ${says}, got ${JSON.stringify(outcome)}`);
  }
}

export const cases: readonly GpuCase[] = [
  ...LOOKED_FOR.map(([name, layer, sought, judge]) => ({
    name: `examples by ${name}`,
    run: (device: GPUDevice, assets: Assets) => agrees(device, assets, layer, sought, judge),
  })),
  { name: "a unit's patch is where its gradient is", run: covers },
  { name: "examples of what is about several images are refused", run: refuses, once: true },
];
