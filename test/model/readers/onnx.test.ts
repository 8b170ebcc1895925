import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { WeightsError } from "../../../src/errors.ts";
import type { Checkpoint } from "../../../src/model/checkpoint.ts";
import { openModel } from "../../../src/model/model.ts";
import type { Model } from "../../../src/model/network.ts";
import { openCheckpoint } from "../../../src/model/readers/open-checkpoint.ts";
import { type ByteSource, bytesSource } from "../../../src/model/source.ts";
import { fileBeside } from "../../../src/node/files.ts";
import { networkForward, referenceWeights } from "../../reference/network.ts";

const folder = new URL("../../fixtures/onnx/", import.meta.url);
const bytesOf = (name: string): Promise<Uint8Array> => readFile(new URL(name, folder));
const source = async (name: string): Promise<ByteSource> => bytesSource(name, await bytesOf(name));
const open = async (name: string): Promise<Checkpoint> => openCheckpoint(await source(name));

interface Expected {
  readonly pixels: readonly number[];
  readonly scores: readonly number[];
  readonly standardized: readonly number[];
  /** Files in Base64, by what cannot be run in them. */
  readonly refused: Readonly<Record<string, string>>;
}
let expected: Expected;
let plain: Checkpoint;
beforeAll(async () => {
  expected = JSON.parse(new TextDecoder().decode(await bytesOf("expected.json"))) as Expected;
  plain = await open("plain.safetensors");
});

/** In float64, of the network as it was opened. */
async function scoresOf(model: Model, pixels: readonly number[]): Promise<readonly number[]> {
  const input = { shape: [1, 3, 12, 12] as const, data: Float64Array.from(pixels) };
  const { outputs } = networkForward(model.network.layers, await referenceWeights(model), input);
  return [...(outputs.get("logits")?.data ?? [])];
}

function expectClose(got: readonly number[], wanted: readonly number[]): void {
  expect(got.length).toBe(wanted.length);
  for (const [i, score] of got.entries()) expect(score).toBeCloseTo(wanted[i] as number, 6);
}

describe.each(["exported.onnx", "viewed.onnx", "folded.onnx"])("%s, which PyTorch wrote", (name) => {
  test("has the scores of PyTorch", async () => {
    const model = await openModel(await source(name), { preprocess: "unit" });
    expectClose(await scoresOf(model, expected.pixels), expected.scores);
    expect(model.assumptions).toEqual([]);
    expect(model.unusedTensors.filter((tensor) => tensor.includes("weight"))).toEqual([]);
  });

  test("says its layers", async () => {
    const norm = name === "folded.onnx" ? "" : "batchnorm ";
    const kinds = (await open(name)).graph?.map(({ kind }) => kind).filter((kind) => kind !== "dropout");
    expect(kinds?.join(" ")).toBe(
      `conv ${norm}relu maxpool conv leaky avgpool flatten dense tanh dense${name === "viewed.onnx" ? "" : " softmax"}`,
    );
  });
});

test("numbers of a setting are the decimals that somebody wrote", async () => {
  const { graph } = await open("exported.onnx");
  expect(graph?.find(({ kind }) => kind === "batchnorm")).toMatchObject({ epsilon: 0.002 });
  expect(graph?.find(({ kind }) => kind === "leaky")).toMatchObject({ slope: 0.1 });
});

test("weights are those of the safetensors, bit for bit", async () => {
  const exported = await open("exported.onnx");
  for (const name of plain.tensors.keys()) expect(await exported.read(name)).toEqual(await plain.read(name));
});

describe("channels that come last, as converters from TensorFlow write them", () => {
  test("pixels, the flatten and matrices are turned; what is done to the pixels is the preprocessing", async () => {
    const model = await openModel(await source("channels-last.onnx"));
    expect(model.preprocess).toBe("imagenet");
    // `networkForward` takes what preprocessing has made.
    const { mean, std } = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
    const input = expected.pixels.map((x, i) => {
      const channel = Math.floor(i / 144);
      return (x - (mean[channel] as number)) / (std[channel] as number);
    });
    expectClose(await scoresOf(model, input), expected.standardized);
  });

  test("weights are those of the safetensors, bit for bit", async () => {
    const turned = await open("channels-last.onnx");
    const pairs = {
      "first/kernel:0": "0.weight",
      "first/bias:0": "0.bias",
      matrix: "9.weight",
      "logits/kernel": "11.weight",
    };
    for (const [name, original] of Object.entries(pairs)) {
      expect(turned.tensors.get(name)?.shape).toEqual(plain.tensors.get(original)?.shape);
      expect(await turned.read(name)).toEqual(await plain.read(original));
    }
  });
});

test("16-bit floats as whole numbers, a Constant and an Identity, metadata", async () => {
  const model = await openModel(await source("halves.onnx"));
  expect(model.preprocess).toBe("unit");
  expect(model.metadata["note"]).toBe("made by hand");
  const [conv] = model.network.layers;
  const { weight, bias } = await model.layerWeights(conv as never);
  expect(bias).toEqual(await plain.read("0.bias"));
  const full = await plain.read("0.weight");
  expect(weight.length).toBe(full.length);
  for (const [i, number] of weight.entries())
    expect(Math.abs(number - (full[i] as number))).toBeLessThan(2e-4);
});

test("a residual network is refused by the first thing that cannot be run", async () => {
  const opening = openModel(await source("residual.onnx"), { preprocess: "unit" });
  await expect(opening).rejects.toThrow(WeightsError);
  await expect(opening).rejects.toThrow(/layer 3 .*is a sum of branches \(Add\), as residual networks have/);
});

test("only what is asked for is read", async () => {
  const inner = await source("exported.onnx");
  const read: [number, number][] = [];
  const watched: ByteSource = {
    ...inner,
    read: (begin, end) => {
      read.push([begin, end]);
      return inner.read(begin, end);
    },
  };
  const checkpoint = await openCheckpoint(watched);
  read.length = 0;
  await checkpoint.read("9.weight");
  expect(read.map(([begin, end]) => end - begin)).toEqual([6 * 20 * 4]);
});

describe("numbers in files beside it", () => {
  test("are those of the file that holds them itself, bit for bit", async () => {
    const path = fileURLToPath(new URL("external.onnx", folder));
    const checkpoint = await openCheckpoint(await source("external.onnx"), fileBeside(path));
    const whole = await open("exported.onnx");
    expect([...checkpoint.tensors]).toEqual([...whole.tensors]);
    for (const [name, { type }] of whole.tensors)
      if (type === "F32") expect(await checkpoint.read(name)).toEqual(await whole.read(name));
    checkpoint.close?.();
  });

  test("are missed by name as soon as the network is opened", async () => {
    const opening = openModel(await source("external.onnx"), { preprocess: "unit" });
    await expect(opening).rejects.toThrow(/external\.onnx: "(below\/more|external weights)\.bin" is missing/);
    await expect(opening).rejects.toBeInstanceOf(WeightsError);
  });
});

test.each([
  ["depthwise", /layer 1 \("first"\) is a depthwise convolution/],
  ["strided", /layer 1 \("first"\) is a 3×3 convolution with stride 2×2/],
  ["dilated", /layer 1 \("first"\) is a 3×3 convolution with dilation 2×2/],
  ["concatenation", /is branches side by side \(Concat\)/],
  ["same pool of odd maps", /is a max-pool that pads its input, on a map of 11×11/],
  ["ceiling pool of odd maps", /is an average pool that rounds sizes up, on a map of 11×11/],
])("%s is refused by what it is", async (kind, reason) => {
  const file = new Uint8Array(Buffer.from(expected.refused[kind] ?? "", "base64"));
  await expect(openModel(bytesSource(kind, file), { preprocess: "unit" })).rejects.toThrow(reason);
});

test("a pool that would pad odd maps runs where maps are even", async () => {
  const file = new Uint8Array(Buffer.from(expected.refused["same pool"] ?? "", "base64"));
  const { network } = await openModel(bytesSource("file", file), { preprocess: "unit" });
  expect(network.layers.map(({ name }) => name)).toEqual(["conv1_1", "pool1"]);
});
