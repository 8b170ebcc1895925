/** Small files that claim much, or say one thing many times, take neither time nor memory. */
import { zipSync } from "fflate";
import { expect, test } from "vitest";
import { WeightsError } from "../../../src/errors.ts";
import { parseBounded } from "../../../src/model/bounded-json.ts";
import { parseModel } from "../../../src/model/keras/config.ts";
import { turnNumbers } from "../../../src/model/keras/tensors.ts";
import { openCheckpoint } from "../../../src/model/readers/open-checkpoint.ts";
import { Dict, Global, type PickleValue, Thing } from "../../../src/model/readers/pickle.ts";
import { readManifest } from "../../../src/model/readers/tensorflow-js-weights.ts";
import { torchGraph } from "../../../src/model/readers/torch-graph.ts";
import { torchMetadata } from "../../../src/model/readers/torch-tensors.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { namesInHdf5 } from "../../support/hostile/hdf5.ts";
import { joined } from "../../support/hostile/mutate.ts";

const refusalOf = async (bytes: Uint8Array): Promise<string> => {
  const begin = performance.now();
  const error: unknown = await openCheckpoint(bytesSource("file", bytes)).catch((caught: unknown) => caught);
  expect(performance.now() - begin).toBeLessThan(3000);
  expect(error).toBeInstanceOf(WeightsError);
  return (error as WeightsError).message;
};

test("one layer of a Keras file that is listed sixty thousand times is read once", async () => {
  const names = Array.from({ length: 60_000 }, () => "a");
  expect(await refusalOf(namesInHdf5("a", names, names))).toMatch(/without any/);
});

test("many layers that list many weights are refused", async () => {
  const layers = Array.from({ length: 100 }, (_, i) => String(i));
  const weights = Array.from({ length: 60_000 }, () => "w");
  expect(await refusalOf(namesInHdf5(layers, layers, weights))).toMatch(
    /describes more than any network has/,
  );
});

test("a Keras model of layers that all read one is refused before they are put in order", () => {
  const layer = { class_name: "Add", name: "a", inbound_nodes: [[["x", 0, 0, {}]]] };
  const layers = Array.from({ length: 30_000 }, () => layer);
  const text = JSON.stringify({ class_name: "Functional", config: { layers } });
  expect(() => parseModel("file", text)).toThrow(/no JSON|more than 2000 layers/);
});

test("a tensor without numbers, whose sides are long, is not walked through", () => {
  const none = new Float32Array(0);
  expect(turnNumbers(none, [2 ** 31, 4, 128, 0], "conv", undefined)).toBe(none);
  expect(turnNumbers(none, [2 ** 40, 0], "dense", [2 ** 20, 2 ** 20, 1])).toBe(none);
});

test("a shard of TensorFlow.js that is named many times is refused", () => {
  const weights = [{ name: "a/kernel", shape: [1 << 20], dtype: "float32" }];
  const paths = Array<string>(1000).fill("a.bin");
  expect(() => readManifest("file", [{ paths, weights }])).toThrow(/expects the names of its files/);
});

test("a message cuts the names that a file has", async () => {
  const file = zipSync({ [`${"x".repeat(3000)}.npy`]: new Uint8Array(20) });
  expect((await refusalOf(file)).length).toBeLessThan(300);
});

test("ONNX' fields are counted", async () => {
  const fields = Uint8Array.from({ length: 600_000 }, (_, i) => [0x0a, 0x00][i % 2] as number);
  const length = [0x80 | (600_000 & 127), 0x80 | ((600_000 >> 7) & 127), 600_000 >> 14];
  const file = joined(Uint8Array.of(0x08, 8, 0x3a, ...length), fields);
  expect(await refusalOf(file)).toMatch(/more memory than that of any network/);
});

test("JSON that takes much more memory than its text is not parsed", () => {
  expect(parseBounded('{"a":["\\"[[[","\\\\"]}')).toEqual({ a: ['"[[[', "\\"] });
  expect(() => parseBounded(`[${"[],".repeat(300_000)}[]]`)).toThrow(SyntaxError);
  expect(() => parseBounded("[".repeat(1000))).toThrow(/nested deeper/);
  expect(() => parseBounded(`["${"[,".repeat(1000)}"]`)).not.toThrow();
});

const moduleOf = (type: string, modules: readonly PickleValue[]): Thing => {
  const thing = new Thing(new Global("torch.nn.modules.container", type), []);
  const [state, inner] = [new Dict(), new Dict()];
  modules.forEach((one, i) => void inner.entries.push([String(i), one]));
  state.entries.push(["_parameters", new Dict()], ["_buffers", new Dict()], ["_modules", inner]);
  thing.state = state;
  return thing;
};

test("modules that each stand twice in the next one have no graph", () => {
  let module = moduleOf("Sequential", []);
  for (let i = 0; i < 60; i++) module = moduleOf("Sequential", [module, module]);
  expect(torchGraph(module)).toBeUndefined();
});

test("a list of texts under many keys becomes metadata as often as there is room", () => {
  const root = new Dict();
  const texts = Array<string>(1000).fill("x".repeat(100));
  for (let i = 0; i < 10_000; i++) root.entries.push([String(i), texts]);
  const characters = Object.values(torchMetadata(root)).reduce((sum, { length }) => sum + length, 0);
  expect(characters).toBeGreaterThan(100_000);
  expect(characters).toBeLessThan(2 << 20);
});
