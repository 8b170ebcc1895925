/** A converted file opens by itself to the very same network, with the same weights, bit for bit. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type ConvertedModel, convertModel } from "../../src/model/convert.ts";
import { type OpenOptions, openModel } from "../../src/model/model.ts";
import type { Model } from "../../src/model/network.ts";
import { bytesSource } from "../../src/model/source.ts";
import { hasWeights } from "../../src/nn/registry.ts";
import { kindsFixtures } from "../fixtures/kinds.ts";
import {
  checkpoint,
  featureShapes,
  type Shapes,
  timmHead,
  torchvisionHead,
  vggConfiguration,
  withLinear,
} from "./checkpoints.ts";

const open = (bytes: Uint8Array, options: OpenOptions = {}): Promise<Model> =>
  openModel(bytesSource("file", bytes), options);

async function bytesOf(converted: ConvertedModel): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of converted.bytes()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Opens what was converted without a word, and expects the same of it. */
async function expectSame(model: Model): Promise<ConvertedModel> {
  const converted = convertModel(model);
  const file = await bytesOf(converted);
  expect(file.length).toBe(converted.size);
  const again = await open(file);
  expect(again.network).toEqual(model.network);
  expect(again.preprocess).toBe(model.preprocess);
  expect(again.assumptions).toEqual(model.assumptions);
  expect(again.unusedTensors).toEqual([]);
  for (const layer of model.network.layers.filter(hasWeights))
    expect(await again.layerWeights(layer)).toEqual(await model.layerWeights(layer));
  return converted;
}

const NARROW = [4, 5, 6, 7, 8];
const small = (depth: 11 | 13 | 16 | 19, batchNorm = false): Shapes =>
  featureShapes(vggConfiguration(depth, NARROW), batchNorm);
const preprocess = { preprocess: "imagenet" };

describe("a network of a published layout has torchvision's names", () => {
  test.each([11, 13, 16, 19] as const)("VGG-%i, with and without batch norm", async (depth) => {
    for (const batchNorm of [false, true]) {
      const shapes = torchvisionHead(small(depth, batchNorm), 8, 10, 1000);
      const { shapes: written } = await expectSame(await open(checkpoint(shapes, preprocess)));
      const expected = [...shapes].filter(([name]) => !name.endsWith("num_batches_tracked"));
      expect(Object.fromEntries(written)).toEqual(Object.fromEntries(expected));
    }
  });
  test("timm's head becomes torchvision's", async () => {
    const { shapes } = await expectSame(await open(checkpoint(timmHead(small(16), 8, 10, 1000), preprocess)));
    const names = [...shapes.keys()].filter((name) => name.endsWith("weight")).slice(-3);
    expect(names).toEqual(["classifier.0.weight", "classifier.3.weight", "classifier.6.weight"]);
    expect(shapes.get("classifier.0.weight")).toEqual([10, 8 * 49]);
  });
  test("a beginning alone, as far as it goes", async () => {
    const shapes = featureShapes([64, 64, "M", 128]);
    const { shapes: written } = await expectSame(await open(checkpoint(shapes, { preprocess: "caffe" })));
    expect([...written.keys()].filter((name) => name.endsWith("weight"))).toEqual(
      [0, 2, 5].map((n) => `features.${n}.weight`),
    );
  });
});

test("another network has this project's names of layers, in the order of execution", async () => {
  const named = new Map<string, readonly number[]>([
    ["block_1.0.weight", [4, 3, 3, 3]],
    ["block_1.1.weight", [4]],
    ["block_1.1.bias", [4]],
    ["block_1.1.running_mean", [4]],
    ["block_1.1.running_var", [4]],
    ["block_2.0.weight", [5, 4, 5, 5]],
    ["fc.weight", [3, 5 * 36]],
  ]);
  const options = { preprocess: "mean=0.1,0.2,0.3;std=0.5,0.6,0.7;order=bgr", padding: 1 } as const;
  const model = await open(checkpoint(named, { classes: "a,b,c" }), {
    ...options,
    layers: "conv avgpool conv avgpool leaky0.2",
  });
  const { shapes, metadata } = await expectSame(model);
  expect([...shapes.keys()]).toEqual([
    "conv1_1.weight",
    "bn1_1.weight",
    "bn1_1.bias",
    "bn1_1.running_mean",
    "bn1_1.running_var",
    "conv2_1.weight",
    "logits.weight",
  ]);
  expect(metadata["preprocess"]).toBe("mean=0.1,0.2,0.3;std=0.5,0.6,0.7;order=bgr");
  expect(metadata["classes"]).toBe('["a","b","c"]');
});

test("what was assumed is told by the written file too", async () => {
  const shapes = withLinear(featureShapes([4, "M", 6, "M"]), "classifier.0", [3, 6 * 64]);
  const model = await open(checkpoint(shapes), { preprocess: "unit" });
  expect(model.assumptions).toHaveLength(1);
  const { metadata } = await expectSame(model);
  expect(JSON.parse(metadata["ascent.assumed"] ?? "")).toEqual(model.assumptions);
});

test("notes for people are kept, and what would contradict is not", async () => {
  const shapes = featureShapes([4, "M", 6]);
  const notes = {
    licence: "MIT",
    padding: "0",
    layers: "conv pool conv",
    preprocess: "unit",
    long: "x".repeat(5000),
  };
  const { metadata } = await expectSame(await open(checkpoint(shapes, notes), { padding: 1 }));
  expect(Object.keys(metadata)).toEqual(["licence", "format", "preprocess", "ascent.layers"]);
});

describe("every kind of layer", () => {
  test.each(kindsFixtures.map(({ name, openModel }) => [name, openModel] as const))(
    "%s",
    async (_, openIt) => {
      await expectSame(await openIt());
    },
  );
});

const KERAS = ["sequential.h5", "packed.h5", "nested.h5", "channels-first.h5", "functional.keras"];
test.each(KERAS)("of Keras: %s", async (name) => {
  const bytes = readFileSync(new URL(`../fixtures/keras/${name}`, import.meta.url));
  await expectSame(await open(bytes));
});

test("one tensor is read at a time, and none before it is asked for", async () => {
  const shapes = torchvisionHead(small(11), 8, 10, 1000);
  const source = bytesSource("file", checkpoint(shapes, preprocess));
  const reads: number[] = [];
  const model = await openModel({
    ...source,
    read(begin, end) {
      reads.push(end - begin);
      return source.read(begin, end);
    },
  });
  reads.length = 0;
  const chunks = convertModel(model).bytes();
  await chunks.next();
  expect(reads).toEqual([]);
  await chunks.next();
  expect(reads).toEqual([4 * 4 * 3 * 9]);
});
