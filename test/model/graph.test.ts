/** Networks from the layers that a file lists: names, what is folded, and what is refused in which words. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AscentError, WeightsError } from "../../src/errors.ts";
import { networkOfGraph } from "../../src/model/graph.ts";
import { graphOfMetadata, metadataOfGraph } from "../../src/model/graph-metadata.ts";
import { openModel } from "../../src/model/model.ts";
import { imageChannels, layerShapes, receptiveField } from "../../src/model/shapes.ts";
import { bytesSource } from "../../src/model/source.ts";
import { checkpoint, type Shapes } from "./checkpoints.ts";

type Row = Readonly<Record<string, unknown>>;

const conv = (weight: string, more: Row = {}): Row => ({ kind: "conv", weight, padding: 1, ...more });
const norm = (at: string): Row => ({ kind: "batchnorm", mean: `${at}.m`, variance: `${at}.v` });
const dense = (weight: string): Row => ({ kind: "dense", weight });
const just = (...kinds: string[]): Row[] => kinds.map((kind) => ({ kind }));

const SHAPES: Shapes = new Map([
  ["a", [4, 3, 3, 3]],
  ["b", [4, 4, 3, 3]],
  ["five", [4, 4, 5, 5]],
  ["even", [4, 4, 2, 2]],
  ["oblong", [4, 4, 3, 1]],
  ["grey", [4, 1, 3, 3]],
  ["deep", [4, 1, 3, 3]],
  ["n.m", [4]],
  ["n.v", [4]],
  ["d", [6, 4]],
  ["map", [6, 16]],
  ["e", [5, 6]],
  ["wrong", [5, 7]],
  ["u.m", [6]],
  ["u.v", [6]],
  ["other", [1]],
]);

function networkOf(rows: readonly Row[], metadata: Record<string, string> = {}) {
  const graph = graphOfMetadata({ "ascent.layers": JSON.stringify(rows) }, SHAPES);
  return networkOfGraph(graph ?? [], SHAPES, metadata);
}

const namesOf = (rows: readonly Row[]) => networkOf(rows).network.layers.map(({ name }) => name);

test("blocks are counted by pools, linear layers from fc6, and the last is logits", () => {
  const rows = [
    ...[conv("a"), ...just("relu"), conv("b"), { kind: "leaky", slope: 0.1 }, ...just("avgpool", "dropout")],
    ...[conv("five", { padding: 2 }), ...just("tanh", "maxpool"), conv("b"), ...just("relu")],
    ...[...just("globalavgpool", "flatten"), dense("d"), ...just("sigmoid", "dropout"), dense("e")],
    ...just("softmax"),
  ];
  const { network, bindings, unusedTensors } = networkOf(rows, { classes: "a,b,c,d,e" });
  expect(network.layers.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    ...["conv1_1 conv", "relu1_1 relu", "conv1_2 conv", "relu1_2 leaky", "pool1 avgpool2x2"],
    ...["conv2_1 plainconv", "tanh2_1 tanh", "pool2 maxpool", "conv3_1 conv", "relu3_1 relu"],
    ...["avgpool avgpool", "fc6 linear", "sigmoid6 sigmoid", "logits linear"],
  ]);
  expect(network.classes).toHaveLength(5);
  expect(network.name).toBe("VGG-style, 4 convolutions");
  expect([...bindings.keys()]).toEqual(["conv1_1", "conv1_2", "conv2_1", "conv3_1", "fc6", "logits"]);
  expect(unusedTensors).toContain("other");
  // 3 + 2, doubled by the pool and one more, plus the 5×5's four pixels at stride 2.
  expect(receptiveField(network, "conv2_1")).toEqual({ size: 14, stride: 2 });
});

test("a network that reads one channel is of grey images", () => {
  const rows = [
    conv("grey"),
    ...just("relu"),
    conv("b"),
    ...just("relu", "globalavgpool"),
    dense("d"),
    dense("e"),
  ];
  const { network } = networkOf(rows);
  expect(imageChannels(network)).toBe(1);
  expect(layerShapes(network, [8, 9]).get("conv1_1")).toEqual({ channels: 4, height: 8, width: 9 });
  expect(imageChannels(networkOf([conv("a")]).network)).toBe(3);
});

test("batch norm is folded right after weights, and a layer of its own elsewhere", () => {
  const rows = [
    ...[conv("a"), norm("n"), ...just("relu"), norm("n"), conv("b"), ...just("dropout"), norm("n")],
    ...[norm("n"), ...just("relu", "globalavgpool"), norm("n"), dense("d"), norm("u"), ...just("relu")],
    ...[norm("u"), dense("e")],
  ];
  expect(namesOf(rows)).toEqual([
    ...["conv1_1", "relu1_1", "norm1_1", "conv1_2", "norm1_2", "relu1_2", "avgpool", "norm1_2b"],
    ...["fc6", "relu6", "norm6", "logits"],
  ]);
  const { bindings } = networkOf(rows);
  expect(bindings.get("conv1_2")).toEqual({
    weight: "b",
    batchNorm: { mean: "n.m", variance: "n.v", epsilon: 1e-5 },
  });
  expect(bindings.get("norm6")).toEqual({ batchNorm: { mean: "u.m", variance: "u.v", epsilon: 1e-5 } });
});

test("a sigmoid at the end is of the classes' probabilities, of a map a layer", () => {
  const rows = [conv("a"), ...just("relu", "globalavgpool"), dense("d"), ...just("sigmoid", "dropout")];
  expect(namesOf(rows)).toEqual(["conv1_1", "relu1_1", "avgpool", "logits"]);
  expect(networkOf(rows, { classes: "a,b,c,d,e,f" }).network.classes).toHaveLength(6);
  expect(namesOf([conv("a"), ...just("sigmoid")])).toEqual(["conv1_1", "sigmoid1_1"]);
});

test("a slope of 0 is a ReLU, a pool of single pixels nothing, and a head that goes on has no logits", () => {
  const rows = [
    conv("a"),
    { kind: "leaky", slope: 0 },
    { kind: "maxpool", kernel: 1 },
    ...just("flatten"),
    dense("map"),
    ...just("relu"),
  ];
  const { layers } = networkOf(rows).network;
  expect(layers.map(({ kind, name }) => [kind, name])).toEqual([
    ["conv", "conv1_1"],
    ["relu", "relu1_1"],
    ["linear", "fc6"],
    ["relu", "relu6"],
  ]);
  expect(layerShapes({ name: "", layers, classes: [] }, [2, 2]).get("fc6")?.channels).toBe(6);
});

describe("what cannot be run is named with its place and its name in the file", () => {
  const first = conv("a");
  test.each<[string, Row[], string]>([
    [
      "a residual sum",
      [first, { kind: "conv", weight: "b", stride: 2, name: "down" }],
      'layer 2 ("down") is a 3×3 convolution with stride 2×2, which cannot be run',
    ],
    ["groups", [first, conv("deep", { groups: 4 })], "layer 2 is a depthwise convolution"],
    ["groups of two", [first, conv("b", { groups: 2 })], "3×3 convolution in 2 groups"],
    ["holes", [first, conv("b", { dilation: [2, 2] })], "3×3 convolution with dilation 2×2"],
    ["even sides", [first, conv("even")], "layer 2 is a 2×2 convolution"],
    ["unequal sides", [first, conv("oblong")], "layer 2 is a 3×1 convolution"],
    ["too much padding", [first, conv("b", { padding: 3 })], "3×3 convolution with padding 3"],
    [
      "unequal padding",
      [first, conv("b", { padding: { top: 0, left: 0, bottom: 1, right: 1 } })],
      "padding that differs between its sides",
    ],
    ["depthwise at first", [conv("grey", { groups: 3 })], "layer 1 is a depthwise convolution"],
    ["RGB and depth", [conv("b")], "layer 1 reads images of 4 channels, which cannot be run"],
    ["a 3×3 pool", [first, { kind: "maxpool", kernel: 3, stride: 2 }], "3×3 max-pool with stride 2×2"],
    ["a padded pool", [first, { kind: "avgpool", padding: 1 }], "2×2 average pool with padding"],
    ["a softmax inside", [first, ...just("softmax"), conv("b")], "layer 2 is a softmax between other layers"],
    ["a linear layer of a map", [first, dense("d")], "a linear layer at every position of a map"],
    ["a convolution of units", [first, ...just("flatten"), conv("b")], "a convolution of what was flattened"],
    ["batch norm of a flattened map", [first, ...just("relu", "flatten"), norm("n")], "of a flattened map"],
    ["another matrix", [first, ...just("flatten"), dense("wrong")], "weights expect (outputs,4·positions)"],
    ["nothing with weights", just("relu"), "no layer that has weights"],
  ])("%s", (_, rows, message) => {
    expect(() => networkOf(rows)).toThrow(WeightsError);
    expect(() => networkOf(rows)).toThrow(message);
  });

  test("and the remedy says which networks open", () => {
    const graph = [{ kind: "other", name: "add_1", what: "a residual sum (Add)" }] as const;
    const refuse = () => networkOfGraph(graph, SHAPES);
    expect(refuse).toThrow('layer 1 ("add_1") is a residual sum (Add), which cannot be run');
    expect(refuse).toThrow(expect.objectContaining({ remedy: expect.stringMatching(/^networks that open/) }));
  });
});

describe("the metadata ascent.layers", () => {
  test.each([
    ["{", "expects JSON"],
    ["{}", "expects an array of layers"],
    ["[1]", "layer 1 expects an object, got 1"],
    ['[{"kind":"add"}]', "layer 1: kind expects one of conv dense batchnorm relu leaky"],
    ['[{"kind":"conv"}]', "layer 1: weight expects a text, got nothing"],
    ['[{"kind":"relu"},{"kind":"leaky","slope":"x"}]', 'layer 2: slope expects a number, got "x"'],
    ['[{"kind":"relu","inplace":true}]', 'there is no field "inplace"'],
    ['[{"kind":"maxpool","kernel":[2]}]', "kernel expects a number or two"],
    ['[{"kind":"conv","weight":"a","padding":"same"}]', "padding expects a number, or top, left"],
  ])("%s", (text, message) => {
    expect(() => graphOfMetadata({ "ascent.layers": text }, SHAPES)).toThrow(WeightsError);
    expect(() => graphOfMetadata({ "ascent.layers": text }, SHAPES)).toThrow(message);
  });

  test("opens with a file, whose padding is then the file's own", async () => {
    const layers = JSON.stringify([conv("a", { padding: 0 }), ...just("relu")]);
    const source = () =>
      bytesSource("own", checkpoint(SHAPES, { preprocess: "unit", "ascent.layers": layers }));
    const model = await openModel(source());
    expect(model.network.layers[0]).toMatchObject({ name: "conv1_1", padding: 0 });
    await expect(openModel(source(), { padding: 1 })).rejects.toThrow("the file lists its layers");
  });

  test("of any content is read or refused by a typed error", () => {
    const value = fc.oneof(
      fc.constantFrom(0, 1, 2, 3, -1, "a", "b", "d", "n.m", "n.v", null),
      fc.jsonValue(),
    );
    const kinds = "conv dense batchnorm relu leaky tanh softmax maxpool avgpool globalavgpool flatten".split(
      " ",
    );
    const row = fc.record(
      {
        kind: fc.oneof(fc.constantFrom(...kinds), value),
        ...{ weight: value, bias: value, mean: value, variance: value, padding: value, __proto__: value },
        ...{ slope: value, stride: value, kernel: value, epsilon: value, groups: value, name: value },
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.array(row, { maxLength: 8 }), fc.jsonValue()), (rows) => {
        try {
          networkOf(rows as readonly Row[]);
        } catch (error) {
          if (!(error instanceof AscentError)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

test("an adaptive average pool makes a map of its side, or one number a channel", () => {
  const pooled = (side: number, ...then: Row[]) =>
    networkOf([conv("a"), { kind: "adaptiveavgpool", side }, ...then]).network.layers[1];
  expect(pooled(2, ...just("flatten"), dense("map"))).toEqual({
    kind: "avgpool",
    name: "avgpool",
    outputSize: 2,
  });
  expect(pooled(1, dense("d"))).toEqual({ kind: "avgpool", name: "avgpool", outputSize: 1 });
  expect(() => pooled(1.5)).toThrow(/average pool to 1.5×1.5, which cannot be run/);
});

test("the layers are written as they were read", () => {
  const rows: readonly Row[] = [
    ...[conv("a"), norm("n"), ...just("relu"), { kind: "maxpool", kernel: 1 }],
    ...[
      { kind: "avgpool", stride: [2, 1] },
      { kind: "leaky", slope: 0.1, name: "named" },
    ],
    ...[conv("b", { padding: { top: 1, left: 0, bottom: 1, right: 0 }, groups: 4, bias: "n.m" })],
    ...[{ ...norm("n"), epsilon: 0.002 }, { kind: "adaptiveavgpool", side: 7 }, dense("d")],
  ];
  const metadata = { "ascent.layers": JSON.stringify(rows) };
  const graph = graphOfMetadata(metadata, SHAPES) ?? [];
  const text = metadataOfGraph(graph);
  expect(graphOfMetadata({ "ascent.layers": text }, SHAPES)).toEqual(graph);
  expect(JSON.parse(text)).toEqual(rows);
});
