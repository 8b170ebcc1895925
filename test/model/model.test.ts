import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { InputError, WeightsError } from "../../src/errors.ts";
import { openModel } from "../../src/model/model.ts";
import type { Layer, Model } from "../../src/model/network.ts";
import { writeSafetensors } from "../../src/model/safetensors.ts";
import { type ByteSource, bytesSource } from "../../src/model/source.ts";
import {
  checkpoint,
  featureShapes,
  fill,
  timmHead,
  torchvisionHead,
  vggConfiguration,
  withLinear,
} from "./checkpoints.ts";

const open = (bytes: Uint8Array, options = {}): Promise<Model> =>
  openModel(bytesSource("file", bytes), options);

function weighted(model: Model, name: string): Layer {
  const layer = model.network.layers.find((candidate) => candidate.name === name);
  if (layer?.kind !== "conv" && layer?.kind !== "linear") throw new Error(`${name} has no weights`);
  return layer;
}

describe("preprocessing", () => {
  const shapes = featureShapes([2]);
  test("comes from the metadata if that is one of the three words", async () => {
    for (const word of ["unit", "imagenet", "caffe"] as const) {
      expect((await open(checkpoint(shapes, { preprocess: word }))).preprocess).toBe(word);
    }
  });
  test("may be in any case, or a mean and a deviation, under its own keys too", async () => {
    const told = async (metadata: Record<string, string>) =>
      (await open(checkpoint(shapes, metadata))).preprocess;
    expect(await told({ preprocess: "ImageNet" })).toBe("imagenet");
    expect(await told({ image_mean: "[0.5, 0.5, 0.5]", image_std: "[0.5, 0.5, 0.5]" })).toBe(
      "mean=0.5,0.5,0.5;std=0.5,0.5,0.5",
    );
  });
  test("is that of a normalizer beside the weights", async () => {
    const beside = new Map<string, readonly number[]>([
      ...shapes,
      ["normalizer.new_mean", [3, 1, 1]],
      ["normalizer.new_std", [3, 1, 1]],
    ]);
    const { preprocess } = await open(checkpoint(beside));
    expect(preprocess).toMatch(/^mean=0\.\d+,0\.\d+,0\.\d+;std=0\.\d+,/);
  });
  test("can be overruled", async () => {
    expect((await open(checkpoint(shapes, { preprocess: "caffe" }), { preprocess: "unit" })).preprocess).toBe(
      "unit",
    );
  });
  test.each([
    [{}, /says nothing/, /^say preprocess: unit/],
    [{ preprocess: "BGR 0-255 minus mean" }, /says "BGR 0-255 minus mean"/, /is caffe/],
    [{ preprocess: "RGB 0..1" }, /says "RGB 0\.\.1"/, /is unit/],
  ])("must be given where the file says %j", async (metadata: Record<string, string>, message, remedy) => {
    const error: unknown = await open(checkpoint(shapes, metadata)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).message).toMatch(message);
    expect((error as InputError).remedy).toMatch(remedy);
  });
});

test("a 1000-way head without names has ImageNet's, one with names keeps them", async () => {
  const shapes = withLinear(featureShapes([2]), "classifier", [1000, 2]);
  const imagenet = await open(checkpoint(shapes, { preprocess: "unit" }));
  // Well-known indices of ILSVRC 2012.
  expect(imagenet.network.classes).toHaveLength(1000);
  expect([0, 1, 281, 285, 388, 817, 954, 999].map((i) => imagenet.network.classes[i])).toEqual([
    "tench",
    "goldfish",
    "tabby",
    "Egyptian cat",
    "giant panda",
    "sports car",
    "banana",
    "toilet tissue",
  ]);
  const named = Array.from({ length: 1000 }, (_, i) => `n${i}`);
  const own = await open(checkpoint(shapes, { preprocess: "unit", classes: JSON.stringify(named) }));
  expect(own.network.classes).toEqual(named);
});

test("weights come as they are stored, convolution or matrix", async () => {
  const shapes = timmHead(featureShapes([2, "M", 3, "M"]), 3, 4, 5);
  const tensors = fill(shapes);
  const model = await open(writeSafetensors(tensors, { preprocess: "unit" }));
  for (const [name, base] of [
    ["conv1_1", "features.0"],
    ["conv2_1", "features.3"],
    ["fc6", "pre_logits.fc1"],
    ["fc7", "pre_logits.fc2"],
    ["logits", "head.fc"],
  ] as const) {
    expect(await model.layerWeights(weighted(model, name))).toEqual({
      weight: tensors[`${base}.weight`]?.data,
      bias: tensors[`${base}.bias`]?.data,
    });
  }
});

test("batch norm is folded: convolution then normalisation gives what the folded convolution gives", async () => {
  const shapes = torchvisionHead(featureShapes(vggConfiguration(16, [2, 3, 2, 4, 3]), true), 3, 4, 5);
  const tensors = fill(shapes);
  const model = await open(writeSafetensors(tensors, { preprocess: "unit" }));
  const numbers = (name: string): Float32Array => tensors[name]?.data ?? new Float32Array();
  for (const [layer, index] of [
    ["conv1_1", 0],
    ["conv1_2", 3],
    ["conv2_1", 7],
    ["conv5_3", 40],
  ] as const) {
    const { weight, bias } = await model.layerWeights(weighted(model, layer));
    const raw = numbers(`features.${index}.weight`);
    const statistic = (part: string, k: number): number => numbers(`features.${index + 1}.${part}`)[k] ?? NaN;
    const perOutput = raw.length / bias.length;
    for (let k = 0; k < bias.length; k++) {
      const patch = Array.from({ length: perOutput }, (_, i) => Math.sin(i + k));
      const convolve = (w: Float32Array): number =>
        patch.reduce((sum, x, i) => sum + x * (w[k * perOutput + i] ?? NaN), 0);
      const before = convolve(raw) + (numbers(`features.${index}.bias`)[k] ?? NaN);
      const deviation = Math.sqrt(statistic("running_var", k) + 1e-5);
      const expected =
        ((before - statistic("running_mean", k)) / deviation) * statistic("weight", k) + statistic("bias", k);
      const folded = convolve(weight) + (bias[k] ?? NaN);
      // Each folded number is rounded to float32 once; the sums are float64.
      const terms = patch.reduce(
        (sum, x, i) => sum + Math.abs(x * (weight[k * perOutput + i] ?? NaN)),
        Math.abs(bias[k] ?? NaN),
      );
      expect(Math.abs(folded - expected)).toBeLessThanOrEqual(2 ** -24 * terms);
    }
  }
});

describe("numbers that are not finite are named", () => {
  const shapes = featureShapes([2, 3], true);
  const damaged = (tensor: string, at: number, value: number): Uint8Array => {
    const tensors = fill(shapes);
    const data = tensors[tensor]?.data.slice() ?? new Float32Array();
    data[at] = value;
    return writeSafetensors(
      { ...tensors, [tensor]: { shape: shapes.get(tensor) ?? [], data } },
      { preprocess: "unit" },
    );
  };
  test.each([
    [
      "features.3.weight",
      2 * 18 + 9 + 3 + 2,
      NaN,
      /conv1_2: tensor features\.3\.weight\[2,1,1,2\] expects a finite number, got NaN/,
    ],
    ["features.3.bias", 1, -Infinity, /features\.3\.bias\[1\] expects a finite number, got -Infinity/],
    ["features.4.running_mean", 0, Infinity, /features\.4\.running_mean\[0\]/],
    ["features.4.running_var", 2, -1, /batch norm \(features\.4\.running_var\) makes its weights NaN/],
  ])("%s", async (tensor, at, value, message) => {
    const model = await open(damaged(tensor, at, value));
    // Only what is asked for is read, so the file opens and the other layer is good.
    await expect(model.layerWeights(weighted(model, "conv1_1"))).resolves.toBeDefined();
    const error: unknown = await model
      .layerWeights(weighted(model, "conv1_2"))
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(WeightsError);
    expect((error as WeightsError).message).toMatch(message);
  });
});

describe("weights that are no floating-point numbers are refused when the file is opened", () => {
  /** The checkpoint with a tensor said to hold integers, which have as many bytes. */
  const asIntegers = (tensor: string): Uint8Array => {
    const shapes = featureShapes([2, 3], true);
    const [before, after] = [
      Buffer.from(`"${tensor}":{"dtype":"F32"`),
      Buffer.from(`"${tensor}":{"dtype":"I32"`),
    ];
    const bytes = Buffer.from(checkpoint(shapes, { preprocess: "unit" }));
    after.copy(bytes, bytes.indexOf(before));
    return bytes;
  };
  test.each(["features.0.weight", "features.3.bias", "features.4.running_var"])("%s", async (tensor) => {
    const error: unknown = await open(asIntegers(tensor)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(WeightsError);
    expect((error as WeightsError).message).toBe(
      `file: tensor "${tensor}" expects F64, F32, F16 or BF16, got I32`,
    );
  });
  test("but for those that the network does not use", async () => {
    await expect(open(asIntegers("features.1.num_batches_tracked"))).resolves.toBeDefined();
  });
});

test("opening reads the header, and a layer only its own tensors", async () => {
  const bytes = checkpoint(featureShapes([2, 3, 4]), { preprocess: "unit" });
  const inner = bytesSource("file", bytes);
  const reads: [number, number][] = [];
  const model = await openModel({
    name: "file",
    size: bytes.length,
    read(begin, end) {
      reads.push([begin, end]);
      return inner.read(begin, end);
    },
  });
  expect(reads.every(([, end]) => end <= 2048)).toBe(true);
  reads.length = 0;
  await model.layerWeights(weighted(model, "conv1_2"));
  expect(reads.map(([begin, end]) => end - begin)).toEqual([4 * 3 * 2 * 9, 4 * 3]);
});

const folder = fileURLToPath(new URL("../../../shared/data/weights/", import.meta.url));
const vgg19 = `${folder}vgg19_conv1_1-conv3_4`;
describe.skipIf(!existsSync(folder))("real checkpoints", () => {
  const read = (path: string): Uint8Array => readFileSync(path);

  test("VGG-19 to conv3_4, float32 and float16, agree to float16's rounding", async () => {
    const full = await open(read(`${vgg19}.f32.safetensors`), { preprocess: "caffe" });
    const half = await open(read(`${vgg19}.f16.safetensors`), { preprocess: "caffe" });
    expect(full.network).toEqual(half.network);
    expect(full.network.name).toBe("VGG-19 to conv3_4");
    expect(full.network.layers.at(-1)?.name).toBe("relu3_4");
    for (const layer of full.network.layers) {
      if (layer.kind !== "conv") continue;
      const [a, b] = await Promise.all([full.layerWeights(layer), half.layerWeights(layer)]);
      for (const part of ["weight", "bias"] as const) {
        const worst = a[part].reduce((most, x, i) => {
          // Half an ulp of float16: 2⁻¹¹ of a normal number, 2⁻²⁵ of a subnormal one.
          const allowed = Math.max(2 ** -11 * Math.abs(x), 2 ** -25);
          return Math.max(most, Math.abs(x - (b[part][i] ?? NaN)) / allowed);
        }, 0);
        expect(worst).toBeLessThanOrEqual(1);
        expect(worst).toBeGreaterThan(0.5);
      }
    }
  });

  test("its file asks for the preprocessing and hints at the right one", async () => {
    const error: unknown = await open(read(`${vgg19}.f16.safetensors`)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).remedy).toMatch(/is caffe/);
  });

  test("the slim VGG-19, its auxiliary tensors reported", async () => {
    const model = await open(read(`${folder}vgg19_slim16x_conv5_1.f32.safetensors`), { preprocess: "unit" });
    expect(model.network.layers.at(-1)?.name).toBe("relu5_1");
    expect(model.network.layers.filter(({ kind }) => kind === "maxpool")).toHaveLength(4);
    expect(model.unusedTensors).toHaveLength(10);
    expect(model.unusedTensors.every((name) => name.startsWith("aux.relu"))).toBe(true);
  });

  test("Tiny VGG flattens, without padding", async () => {
    const { network } = await open(read(`${folder}tinyvgg.f32.safetensors`), { preprocess: "unit" });
    expect(network.layers[0]).toMatchObject({ padding: 0 });
    expect(network.layers.slice(-2)).toEqual([
      { kind: "maxpool", name: "pool2" },
      { kind: "linear", name: "logits", inputFeatures: 1690, outputFeatures: 10 },
    ]);
    expect(network.classes.slice(0, 4)).toEqual(["lifeboat", "ladybug", "pizza", "bell pepper"]);
  });

  test("the stand-in for the embedded network", async () => {
    const model = await open(read(`${folder}ascent-vgg-standin.f16.safetensors`));
    expect(model.preprocess).toBe("imagenet");
    expect(model.network.classes).toHaveLength(100);
    expect(model.network.layers.map(({ name }) => name).slice(-5)).toEqual([
      "conv5_2",
      "relu5_2",
      "pool5",
      "avgpool",
      "logits",
    ]);
    const { weight, bias } = await model.layerWeights(weighted(model, "logits"));
    expect([weight.length, bias.length]).toEqual([38400, 100]);
  });
});

test.each([
  ["without batch norm", false],
  ["with it", true],
])("of the outputs that are wanted alone the weights are read, %s", async (_, norm) => {
  const bytes = checkpoint(featureShapes([8, 16, "M", 32], norm), { preprocess: "unit" });
  const read: number[] = [];
  const source: ByteSource = {
    ...bytesSource("net", bytes),
    async read(begin, end) {
      read.push(end - begin);
      return bytes.slice(begin, end);
    },
  };
  const model = await openModel(source);
  const layer = weighted(model, "conv1_2");
  const whole = await model.layerWeights(layer);
  read.length = 0;
  const some = await model.layerWeights(layer, [3, 4, 9]);
  const row = 8 * 9;
  for (let k = 0; k < 16; k++) {
    const expected = [3, 4, 9].includes(k)
      ? whole.weight.slice(k * row, (k + 1) * row)
      : new Float32Array(row);
    expect(some.weight.slice(k * row, (k + 1) * row)).toEqual(expected);
  }
  expect(some.bias).toEqual(whole.bias);
  expect(read.slice(0, 2)).toEqual([2 * row * 4, row * 4]);
});
