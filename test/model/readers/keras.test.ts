import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { WeightsError } from "../../../src/errors.ts";
import type { Checkpoint } from "../../../src/model/checkpoint.ts";
import { openModel } from "../../../src/model/model.ts";
import { openCheckpoint } from "../../../src/model/readers/open-checkpoint.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { networkForward, referenceWeights } from "../../reference/network.ts";

const folder = new URL("../../fixtures/keras/", import.meta.url);
const bytesOf = (name: string): Promise<Uint8Array> => readFile(new URL(name, folder));
const open = async (name: string): Promise<Checkpoint> =>
  openCheckpoint(bytesSource(name, await bytesOf(name)));

interface Expected {
  readonly tensors: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
  readonly pixels: readonly number[];
  readonly scores: readonly number[];
}
let expected: Expected;
beforeAll(async () => {
  expected = JSON.parse(new TextDecoder().decode(await bytesOf("expected.json"))) as Expected;
});

/** Whole networks with the same weights, each written in another way. */
const NETWORKS = ["sequential.h5", "packed.h5", "nested.h5"];

describe.each(NETWORKS)("%s", (name) => {
  test("says which layers follow each other", async () => {
    const { graph, metadata } = await open(name);
    expect(graph?.map(({ kind }) => kind)).toEqual(
      "conv relu batchnorm conv leaky maxpool dropout flatten dense tanh dense softmax".split(" "),
    );
    expect(graph?.[0]).toEqual({
      kind: "conv",
      name: "conv2d",
      weight: "conv2d/kernel:0",
      bias: "conv2d/bias:0",
      kernel: [3, 3],
      stride: [1, 1],
      padding: { top: 1, left: 1, bottom: 1, right: 1 },
      dilation: [1, 1],
      groups: 1,
    });
    expect(graph?.[2]).toMatchObject({ epsilon: 0.002, mean: "batch_normalization/moving_mean:0" });
    expect(graph?.[3]).toMatchObject({ padding: { top: 0, left: 0, bottom: 0, right: 0 } });
    expect(graph?.[4]).toMatchObject({ kind: "leaky", slope: 0.3 });
    expect(metadata).toMatchObject({ keras_version: "2.15.0", input_size: "8" });
    expect(metadata["preprocess"]).toBe("mean=0.5,0.5,0.5;std=0.5,0.5,0.5");
  });

  test("has the scores that Keras' order of channels gives", () => expectScores(name));
});

test("a network of channels_first has the same weights", async () => {
  const [first, last] = [await open("channels-first.h5"), await open("sequential.h5")];
  for (const tensor of last.tensors.keys()) expect(await first.read(tensor)).toEqual(await last.read(tensor));
  await expectScores("channels-first.h5");
});

/** In float64, of the network as it was opened. */
async function expectScores(name: string): Promise<void> {
  const model = await openModel(bytesSource(name, await bytesOf(name)), { preprocess: "unit" });
  const weights = await referenceWeights(model);
  const data = Float64Array.from(expected.pixels, (pixel) => pixel * 2 - 1);
  const { outputs } = networkForward(model.network.layers, weights, { shape: [1, 3, 8, 8], data });
  const scores = outputs.get("logits")?.data ?? [];
  expect(scores.length).toBe(3);
  for (const [i, score] of [...scores].entries()) expect(score).toBeCloseTo(expected.scores[i] ?? 0, 5);
}

test("a kernel is turned from HWIO to OIHW", async () => {
  const { read, tensors } = await open("sequential.h5");
  expect(tensors.get("conv2d_1/kernel:0")).toEqual({ shape: [5, 4, 3, 3], type: "F32" });
  const [kernel, turned] = [expected.tensors["conv2d_1"]?.["kernel"] ?? [], await read("conv2d_1/kernel:0")];
  for (const [o, i, y, x] of [
    [0, 0, 0, 0],
    [4, 3, 2, 1],
    [1, 2, 0, 2],
  ] as const)
    expect(turned[((o * 4 + i) * 3 + y) * 3 + x]).toBe(
      Math.fround(kernel[((y * 3 + x) * 4 + i) * 5 + o] ?? 0),
    );
});

describe("a .keras archive", () => {
  test("says which layers follow each other", async () => {
    const { format, graph, metadata, tensors } = await open("functional.keras");
    expect(format).toBe("Keras");
    expect(graph?.map(({ kind }) => kind)).toEqual(
      "conv relu batchnorm conv leaky maxpool dropout flatten dense tanh dense softmax".split(" "),
    );
    expect(graph?.[4]).toMatchObject({ slope: 0.3 });
    expect(metadata["preprocess"]).toBe("mean=0.5,0.5,0.5;std=0.5,0.5,0.5");
    expect(tensors.get("dense/kernel")?.shape).toEqual([6, 45]);
  });

  test("has the scores that Keras' order of channels gives", () => expectScores("functional.keras"));

  test("has the same weights, bit for bit, where it was packed", async () => {
    const { unzipSync, zipSync } = await import("fflate");
    const packed = zipSync(unzipSync(await bytesOf("functional.keras")), { level: 9 });
    const [stored, deflated] = [
      await open("functional.keras"),
      await openCheckpoint(bytesSource("p", packed)),
    ];
    for (const name of stored.tensors.keys())
      expect(await deflated.read(name)).toEqual(await stored.read(name));
  });

  test("without a configuration is refused", async () => {
    const { unzipSync, zipSync } = await import("fflate");
    const { "model.weights.h5": weights } = unzipSync(await bytesOf("functional.keras"));
    const alone = zipSync({ "model.weights.h5": weights as Uint8Array });
    await expect(openCheckpoint(bytesSource("alone", alone))).rejects.toThrow(/but config.json is missing/);
  });
});

describe("weights alone", () => {
  test("have the names of Keras 2 in its order, without a graph", async () => {
    const { graph, tensors } = await open("weights.h5");
    expect(graph).toBeUndefined();
    expect([...tensors.keys()].slice(0, 4)).toEqual([
      "conv2d/kernel:0",
      "conv2d/bias:0",
      "batch_normalization/gamma:0",
      "batch_normalization/beta:0",
    ]);
    expect(tensors.get("dense/kernel:0")?.shape).toEqual([6, 45]);
  });

  test("of Keras 3 are named after what they are", async () => {
    const { graph, tensors, read } = await open("keras3.weights.h5");
    expect(graph).toBeUndefined();
    expect(tensors.get("conv2d_1/kernel")?.shape).toEqual([5, 4, 3, 3]);
    expect(tensors.get("batch_normalization/moving_variance")?.shape).toEqual([4]);
    expect(await read("conv2d/bias")).toEqual(Float32Array.from(expected.tensors["conv2d"]?.["bias"] ?? []));
  });
});

test("a residual sum is named", async () => {
  const { graph } = await open("branching.h5");
  expect(graph?.at(-1)).toEqual({
    kind: "other",
    name: "add_1",
    what: "Add, where branches of the network meet",
  });
  const opened = openModel(bytesSource("branching.h5", await bytesOf("branching.h5")), {
    preprocess: "unit",
  });
  await expect(opened).rejects.toThrow(/"add_1"\) is Add, where branches of the network meet/);
});

test("an HDF5 file without a network says so", async () => {
  const file = (await bytesOf("weights.h5")).slice();
  const at = new TextDecoder("latin1").decode(file).indexOf("layer_names");
  file.set(new TextEncoder().encode("other_names"), at);
  await expect(openCheckpoint(bytesSource("file", file))).rejects.toThrow(/without any/);
  await expect(openCheckpoint(bytesSource("file", file))).rejects.toBeInstanceOf(WeightsError);
});
