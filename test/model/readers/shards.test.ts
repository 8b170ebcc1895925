/** Weights in several files: by their index, by any one of them, with one missing, and from indices that are broken. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { WeightsError } from "../../../src/errors.ts";
import type { Beside } from "../../../src/model/beside.ts";
import { openModel } from "../../../src/model/model.ts";
import { openCheckpoint } from "../../../src/model/readers/open-checkpoint.ts";
import { shardOf } from "../../../src/model/readers/shard-name.ts";
import { type Tensor, writeSafetensors } from "../../../src/model/safetensors.ts";
import { type ByteSource, bytesSource } from "../../../src/model/source.ts";

/** The variable makes more of them. */
const RUNS = Number(process.env["ASCENT_HOSTILE_FILES"] ?? 1000);

const ramp = (shape: readonly number[], seed: number): Tensor => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i + seed)),
});
const TENSORS = {
  "features.0.weight": ramp([4, 3, 3, 3], 1),
  "features.0.bias": ramp([4], 2),
  "classifier.weight": ramp([3, 4], 3),
  "classifier.bias": ramp([3], 4),
};
const METADATA = { preprocess: "unit" };

const INDEX = "model.safetensors.index.json";
const ONE = "model-00001-of-00002.safetensors";
const TWO = "model-00002-of-00002.safetensors";
const MAP = {
  "features.0.weight": ONE,
  "features.0.bias": TWO,
  "classifier.weight": ONE,
  "classifier.bias": TWO,
};

function shard(name: string): Uint8Array<ArrayBuffer> {
  const own = Object.entries(TENSORS).filter(([tensor]) => MAP[tensor as keyof typeof MAP] === name);
  return writeSafetensors(Object.fromEntries(own), METADATA);
}

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value, undefined, 2));
const index = json({ metadata: { total_size: 520, license: "mit" }, weight_map: MAP });

/** Opens files by name, and keeps what was asked for. */
function folder(files: Readonly<Record<string, Uint8Array>>) {
  const asked: string[] = [];
  const beside: Beside = async (name) => {
    // Names of classes are looked for too.
    if (!/(classes|labels|class_names)\.(txt|json)$/.test(name)) asked.push(name);
    const bytes = Object.hasOwn(files, name) ? files[name] : undefined;
    return bytes && bytesSource(name, bytes);
  };
  return { asked, beside };
}

const whole = { [INDEX]: index, [ONE]: shard(ONE), [TWO]: shard(TWO), "other.safetensors": shard(ONE) };

async function expectSame(source: Uint8Array, name: string, files: Readonly<Record<string, Uint8Array>>) {
  const { asked, beside } = folder(files);
  const model = await openModel(bytesSource(name, source), { beside });
  const single = await openModel(bytesSource("single", writeSafetensors(TENSORS, METADATA)));
  expect(model.network).toEqual(single.network);
  for (const layer of single.network.layers.filter(({ kind }) => kind === "conv" || kind === "linear"))
    expect(await model.layerWeights(layer)).toEqual(await single.layerWeights(layer));
  return asked;
}

test("the index opens the shards that it lists, and no other file", async () => {
  expect(await expectSame(index, INDEX, whole)).toEqual([ONE, TWO]);
  const { metadata, format } = await openCheckpoint(bytesSource(INDEX, index), folder(whole).beside);
  expect({ metadata, format }).toEqual({
    metadata: { preprocess: "unit", license: "mit" },
    format: "safetensors",
  });
});

test("one shard finds the index, by a folder or an address", async () => {
  expect(await expectSame(shard(TWO), TWO, whole)).toEqual([INDEX, ONE, TWO]);
  expect(await expectSame(shard(TWO), `https://host/m/${TWO}`, whole)).toEqual([INDEX, ONE, TWO]);
});

test("without an index the others are found by their numbers", async () => {
  expect(await expectSame(shard(ONE), ONE, { [ONE]: shard(ONE), [TWO]: shard(TWO) })).toEqual([
    INDEX,
    ONE,
    TWO,
  ]);
});

test.each([
  [INDEX, index],
  [ONE, shard(ONE)],
])("%s says which shard is missing", async (name, bytes) => {
  const { [TWO]: _, ...files } = whole;
  const error: unknown = await openCheckpoint(bytesSource(name, bytes), folder(files).beside).catch(
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(WeightsError);
  expect((error as WeightsError).message).toBe(
    `${INDEX}: "${TWO}" is missing, which holds a part of its weights`,
  );
});

test("only the shard of the tensor that is read gives numbers", async () => {
  const reads: string[] = [];
  const { beside } = folder(whole);
  const watched: Beside = async (name) => {
    const source = await beside(name);
    const read = (begin: number, end: number) => {
      reads.push(name);
      return (source as ByteSource).read(begin, end);
    };
    return source && { ...source, read };
  };
  const checkpoint = await openCheckpoint(bytesSource(INDEX, index), watched);
  reads.length = 0;
  expect(await checkpoint.read("classifier.bias")).toEqual(TENSORS["classifier.bias"].data);
  expect(reads).toEqual([TWO]);
});

test.each([
  [
    "a tensor in the wrong shard",
    { weight_map: { ...MAP, "classifier.bias": ONE } },
    /"classifier.bias" is missing in/,
  ],
  ["a number for a file", { weight_map: { a: 1 } }, /weight_map expects the file of tensor "a"/],
  ["itself", { weight_map: { a: INDEX } }, /is missing, which holds a part of its weights/],
  [
    "1001 shards",
    { weight_map: Object.fromEntries([...Array(1001).keys()].map((i) => [i, `${i}`])) },
    /1001 shards/,
  ],
  ["nothing that is known", { name: "x" }, /expected weights .* got JSON/],
])("an index of %s is refused", async (_, value, reason) => {
  const opened = openCheckpoint(bytesSource(INDEX, json(value)), folder(whole).beside);
  await expect(opened).rejects.toThrow(reason);
  await expect(opened).rejects.toBeInstanceOf(WeightsError);
});

test("names that are no shards", () => {
  for (const name of [
    "model.safetensors",
    "model-00001-of-00001.safetensors",
    "a-1-of-2.safetensors",
    `${ONE}.x y`,
  ])
    expect(shardOf(name)).toBeUndefined();
  expect(shardOf("pytorch_model-00002-of-00012.bin")).toEqual({
    stem: "pytorch_model",
    ending: ".bin",
    count: 12,
  });
});

const words = fc.constantFrom(
  "weight_map",
  "metadata",
  "__proto__",
  "constructor",
  "a",
  ONE,
  TWO,
  INDEX,
  "../x",
  "",
  ...Object.keys(MAP),
);
const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    words,
    fc.integer(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(words, tie("value")), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  ),
}));

test("a thousand indices, whole and cut, are refused with a typed error or open", {
  timeout: 120_000,
}, async () => {
  const indices = fc.oneof(
    fc.record({ weight_map: fc.dictionary(words, words), metadata: values.value }),
    fc.record({ weight_map: values.value }),
  );
  await fc.assert(
    fc.asyncProperty(
      indices,
      fc.option(fc.nat({ max: 200 }), { nil: undefined, freq: 5 }),
      async (value, cut) => {
        const bytes = json(value).slice(0, cut);
        try {
          const checkpoint = await openCheckpoint(bytesSource("file", bytes), folder(whole).beside);
          for (const name of checkpoint.tensors.keys()) await checkpoint.read(name);
        } catch (error) {
          expect(error).toBeInstanceOf(WeightsError);
        }
      },
    ),
    { numRuns: RUNS },
  );
  expect(Object.keys(Object.prototype)).toEqual([]);
});
