/** What the public functions of this room refuse is said by an error of the project's own, with what to do. */
import { expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import { inferNetwork } from "../../src/model/architecture.ts";
import { classIndex } from "../../src/model/labels.ts";
import { openModel } from "../../src/model/model.ts";
import type { Layer } from "../../src/model/network.ts";
import { layerShapes, parameterCount, receptiveField } from "../../src/model/shapes.ts";
import { blobSource, bytesSource } from "../../src/model/source.ts";
import { urlSource } from "../../src/model/url-source.ts";
import { checkpoint, featureShapes } from "./checkpoints.ts";

const file = checkpoint(featureShapes([1]), { preprocess: "unit" });
const source = bytesSource("a file", file);
const network = inferNetwork(
  new Map([
    ["features.0.weight", [4, 3, 3, 3]],
    ["features.0.bias", [4]],
  ]),
  {},
).network;
/** What a caller without types may hand over. */
const any = (value: unknown) => value as never;

const refused: readonly (readonly [call: string, work: () => unknown])[] = [
  ["bytesSource(name, null)", () => bytesSource("a file", any(null))],
  ["bytesSource(name, text)", () => bytesSource("a file", any("bytes"))],
  ["bytesSource(bytes)", () => bytesSource(any(file), any(undefined))],
  ["blobSource(null)", () => blobSource(any(null))],
  ["blobSource(bytes)", () => blobSource(any(file))],
  ["urlSource(null)", () => urlSource(any(null))],
  ["urlSource(url, null)", () => urlSource("http://127.0.0.1/", any(null))],
  ["urlSource, stallMs 0", () => urlSource("http://127.0.0.1/", { stallMs: 0 })],
  ["urlSource, stallMs NaN", () => urlSource("http://127.0.0.1/", { stallMs: Number.NaN })],
  ["openModel(null)", () => openModel(any(null))],
  ["openModel(bytes)", () => openModel(any(file))],
  ["openModel(source, null)", () => openModel(source, any(null))],
  ["openModel, another preprocess", () => openModel(source, { preprocess: any("rgb") })],
  ["openModel, null for preprocess", () => openModel(source, { preprocess: any(null) })],
  ["openModel, padding 2", () => openModel(source, { padding: any(2) })],
  ["layerWeights(null)", async () => (await openModel(source)).layerWeights(any(null))],
  [
    "layerWeights of a ReLU",
    async () => (await openModel(source)).layerWeights({ kind: "relu", name: "relu1_1" }),
  ],
  ["layerShapes, no size", () => layerShapes(network, any(undefined))],
  ["layerShapes, half a pixel", () => layerShapes(network, [1.5, 8])],
  ["receptiveField, a number for a layer", () => receptiveField(network, any(3))],
  [
    "parameterCount of an unknown kind",
    () => parameterCount({ kind: "dropout", name: "drop" } as unknown as Layer),
  ],
  ["classIndex(null)", () => classIndex(network, any(null))],
];

test.each(refused)("%s", async (_, work) => {
  const error: unknown = await (async () => work())().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(InputError);
  expect((error as InputError).message).not.toBe("");
});

test("a preprocess that is none of the three names them", async () => {
  const error: unknown = await openModel(source, { preprocess: any("rgb") }).catch(
    (caught: unknown) => caught,
  );
  expect((error as InputError).message).toBe(
    'preprocess: expected unit, imagenet, caffe or a mean and std, got "rgb"',
  );
});

const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
test.each([
  ["an ArrayBuffer", buffer],
  ["a SharedArrayBuffer", shared(file)],
  ["a DataView", new DataView(buffer)],
  ["a view of words", new Uint16Array(buffer)],
  ["a view into something larger", new DataView(Uint8Array.of(9, 9, ...file, 9).buffer, 2, file.length)],
])("bytesSource takes %s", async (_, bytes) => {
  const opened = bytesSource("a file", bytes);
  expect(opened.size).toBe(file.length);
  expect(await opened.read(0, file.length)).toEqual(new Uint8Array(file));
  expect((await openModel(opened)).network.layers[0]?.name).toBe("conv1_1");
});

function shared(bytes: Uint8Array): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(bytes.length);
  new Uint8Array(memory).set(bytes);
  return memory;
}
