/** Networks that TensorFlow.js saved (`test/fixtures/tensorflow-js.mjs`), whole, quantized, and damaged. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WeightsError } from "../../../src/errors.ts";
import type { Beside } from "../../../src/model/beside.ts";
import type { Checkpoint } from "../../../src/model/checkpoint.ts";
import { openModel } from "../../../src/model/model.ts";
import { openCheckpoint } from "../../../src/model/readers/open-checkpoint.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { fileBeside } from "../../../src/node/files.ts";
import { networkForward, referenceWeights } from "../../reference/network.ts";

/** The variable makes more of them. */
const RUNS = Number(process.env["ASCENT_HOSTILE_FILES"] ?? 1000);

const folder = new URL("../../fixtures/tensorflow-js/", import.meta.url);
const beside = fileBeside(fileURLToPath(new URL("model.json", folder)));
const bytesOf = async (name: string): Promise<Uint8Array> => readFile(new URL(name, folder));
const open = async (name: string, find: Beside = beside): Promise<Checkpoint> =>
  openCheckpoint(bytesSource(name, await bytesOf(name)), find);
const keras = async (name: string): Promise<Uint8Array> => readFile(new URL(`../keras/${name}`, folder));
const parsed = async <T>(bytes: Promise<Uint8Array>): Promise<T> =>
  JSON.parse(new TextDecoder().decode(await bytes)) as T;

interface Manifest {
  weightsManifest: { paths: string[]; weights: { name: string; shape: number[]; dtype: string }[] }[];
}

test("layers, preprocessing and weights are those that Keras saved, bit for bit", async () => {
  const [model, original] = [
    await open("model.json"),
    await openCheckpoint(bytesSource("k", await keras("sequential.h5"))),
  ];
  expect(model.format).toBe("TensorFlow.js");
  const renamed = JSON.parse(JSON.stringify(original.graph).replaceAll(':0"', '"')) as unknown;
  expect(model.graph).toEqual(renamed);
  expect(model.metadata).toMatchObject({ preprocess: "mean=0.5,0.5,0.5;std=0.5,0.5,0.5", input_size: "8" });
  for (const name of original.tensors.keys()) {
    const own = name.replace(":0", "");
    expect(model.tensors.get(own)).toEqual(original.tensors.get(name));
    expect(await model.read(own)).toEqual(await original.read(name));
  }
  model.close?.();
});

test("has the scores of TensorFlow.js and Keras", async () => {
  const { pixels, scores } = await parsed<{ pixels: number[]; scores: number[] }>(keras("expected.json"));
  const model = await openModel(bytesSource("model.json", await bytesOf("model.json")), { beside });
  const data = Float64Array.from(pixels, (pixel) => pixel * 2 - 1);
  const input = { shape: [1, 3, 8, 8] as const, data };
  const { outputs } = networkForward(model.network.layers, await referenceWeights(model), input);
  const got = [...(outputs.get("logits")?.data ?? [])];
  expect(got.length).toBe(3);
  for (const [i, score] of got.entries()) expect(score).toBeCloseTo(scores[i] as number, 5);
  model.close?.();
});

test("numbers in 8 and 16 bits are those that TensorFlow.js decodes, bit for bit", async () => {
  const { quantized } = await parsed<{ quantized: Record<string, number[]> }>(bytesOf("expected.json"));
  // Vectors lie as they are; matrices are turned.
  const model = await open("quantized.json");
  const vectors = [...model.tensors].filter(([, { shape }]) => shape.length === 1).map(([name]) => name);
  const { weightsManifest } = await parsed<Manifest>(bytesOf("quantized.json"));
  const kinds = new Set(JSON.stringify(weightsManifest).match(/"dtype":"(uint8|uint16|float16)"/g));
  expect(kinds.size).toBe(3);
  expect(vectors.length).toBeGreaterThan(6);
  for (const name of vectors)
    expect(await model.read(name)).toEqual(Float32Array.from(quantized[name] ?? []));
  for (const name of model.tensors.keys()) {
    const numbers = Float32Array.from(quantized[name] ?? []).sort();
    expect((await model.read(name)).sort()).toEqual(numbers);
  }
  model.close?.();
});

test("only the shards of the tensor that is read give numbers", async () => {
  const reads: string[] = [];
  const watched: Beside = async (name) => {
    const source = bytesSource(name, await bytesOf(name));
    return {
      ...source,
      read: (begin, end) => {
        reads.push(`${name} ${end - begin}`);
        return source.read(begin, end);
      },
    };
  };
  const model = await open("model.json", watched);
  expect(reads).toEqual([]);
  await model.read("conv2d/bias");
  expect(reads).toEqual(["model-shard1of3.bin 16"]);
  reads.length = 0;
  await model.read("conv2d_1/kernel");
  expect(reads.map((read) => read.split(" ")[0])).toEqual(["model-shard1of3.bin", "model-shard2of3.bin"]);
});

describe("is refused", () => {
  test.each([
    [1, /model\.json: "model-shard1of3\.bin" is missing/],
    [3, /model\.json: "model-shard3of3\.bin" is missing/],
  ])("without shard %i, by its name", async (which, reason) => {
    const without: Beside = async (name) =>
      name.includes(`shard${which}`) ? undefined : bytesSource(name, await bytesOf(name));
    const opened = open("model.json", without).then(async (model) => {
      for (const name of model.tensors.keys()) await model.read(name);
    });
    await expect(opened).rejects.toThrow(reason);
    await expect(opened).rejects.toBeInstanceOf(WeightsError);
  });

  test("with shards that are cut short", async () => {
    const cut: Beside = async (name) => bytesSource(name, (await bytesOf(name)).subarray(0, 100));
    const model = await open("model.json", cut);
    await expect(model.read("dense/kernel")).rejects.toThrow(
      /tensor "dense\/kernel" ends at byte \d+ of its shards, which have 300/,
    );
  });

  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const topology = { class_name: "Sequential", config: { layers: [] } };
  const weights = (spec: object) => [
    { paths: ["a.bin"], weights: [{ name: "a", shape: [2], dtype: "float32", ...spec }] },
  ];
  test.each([
    ["a graph", { format: "graph-model", modelTopology: { node: [] } }, /got TensorFlow\.js' graph-model/],
    ["no layers", { weightsManifest: [] }, /modelTopology is missing/],
    ["no manifest", { modelTopology: topology }, /weightsManifest is missing/],
    ["no weights", { modelTopology: topology, weightsManifest: [] }, /lists no weights/],
    [
      "texts",
      { modelTopology: topology, weightsManifest: weights({ dtype: "string" }) },
      /tensor "a" is written in a way that is not known/,
    ],
    [
      "a shape",
      { modelTopology: topology, weightsManifest: weights({ shape: [-1] }) },
      /"a" has the shape \[-1\]/,
    ],
    [
      "2^60 numbers",
      { modelTopology: topology, weightsManifest: weights({ shape: [2 ** 30, 2 ** 30] }) },
      /2\^53 bytes or more/,
    ],
    [
      "a place",
      { modelTopology: topology, weightsManifest: [{ ...weights({})[0], paths: ["../a"] }] },
      /expected the name of a file beside it/,
    ],
    [
      "two alike",
      { modelTopology: topology, weightsManifest: [...weights({}), ...weights({})] },
      /"a" is listed twice/,
    ],
  ])("for %s", async (_, value, reason) => {
    const opened = openModel(bytesSource("model.json", json(value)), { preprocess: "unit", beside });
    await expect(opened).rejects.toThrow(reason);
    await expect(opened).rejects.toBeInstanceOf(WeightsError);
  });
});

const words = fc.constantFrom(
  ..."modelTopology weightsManifest paths weights name shape dtype quantization scale min __proto__ constructor".split(
    " ",
  ),
  ..."model_config class_name config layers Sequential Conv2D Dense uint8 uint16 float16 float32 int32 string".split(
    " ",
  ),
  ..."model-shard1of3.bin model-shard2of3.bin ../x /x conv2d/kernel conv2d/bias relu same".split(" "),
);
const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    words,
    fc.oneof(fc.integer({ min: -2, max: 9 }), fc.constantFrom(2 ** 31, 1e300, -0.5)),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(words, tie("value")), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  ),
}));
const change = fc.record({ at: fc.nat({ max: 5000 }), to: fc.integer({ min: 32, max: 126 }) });

test("a thousand lists, made up or damaged, are refused with a typed error or open", {
  timeout: 300_000,
}, async () => {
  const shards = new Map<string, Uint8Array>();
  for (const i of [1, 2, 3]) shards.set(`model-shard${i}of3.bin`, await bytesOf(`model-shard${i}of3.bin`));
  const find: Beside = async (name) => {
    const bytes = shards.get(name);
    return bytes && bytesSource(name, bytes);
  };
  const good = await bytesOf("model.json");
  const whole = await parsed<Manifest & object>(bytesOf("model.json"));
  const damaged = fc.tuple(
    fc.array(change, { minLength: 1, maxLength: 8 }),
    fc.option(fc.nat({ max: 5000 }), { freq: 5 }),
  );
  const files = fc.oneof(
    damaged.map(([changes, cut]) => {
      const bytes = new Uint8Array(good);
      for (const { at, to } of changes) bytes[at % good.length] = to;
      bytes.set(good.subarray(0, 20));
      return bytes.slice(0, cut ?? good.length);
    }),
    fc
      .record({ modelTopology: values.value, weightsManifest: values.value }, { requiredKeys: [] })
      .map((some) => new TextEncoder().encode(JSON.stringify({ ...whole, ...some }))),
    fc
      .array(fc.record({ name: words, shape: values.value, dtype: words, quantization: values.value }), {
        maxLength: 5,
      })
      .map((weights) =>
        new TextEncoder().encode(
          JSON.stringify({ ...whole, weightsManifest: [{ paths: ["model-shard1of3.bin"], weights }] }),
        ),
      ),
  );
  await fc.assert(
    fc.asyncProperty(files, async (bytes) => {
      try {
        const model = await openCheckpoint(bytesSource("file", bytes), find);
        for (const name of model.tensors.keys()) await model.read(name);
        await openModel(bytesSource("file", bytes), { preprocess: "unit", beside: find });
      } catch (error) {
        expect(error).toBeInstanceOf(WeightsError);
        expect((error as WeightsError).remedy).toBeTruthy();
      }
    }),
    { numRuns: RUNS },
  );
  expect(Object.keys(Object.prototype)).toEqual([]);
});
