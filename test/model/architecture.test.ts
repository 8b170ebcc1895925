import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AscentError, WeightsError } from "../../src/errors.ts";
import { inferNetwork } from "../../src/model/architecture.ts";
import { imageChannels, parameterCount } from "../../src/model/shapes.ts";
import {
  featureShapes,
  type Shapes,
  timmHead,
  torchvisionHead,
  vggConfiguration,
  withLinear,
} from "./checkpoints.ts";

const layerNames = (shapes: Shapes, metadata = {}): string =>
  inferNetwork(shapes, metadata)
    .network.layers.map(({ name }) => name)
    .join(" ");
const parameters = (shapes: Shapes): number =>
  inferNetwork(shapes, {}).network.layers.reduce((sum, layer) => sum + parameterCount(layer), 0);

const vgg = (depth: 11 | 13 | 16 | 19, batchNorm = false): Shapes =>
  torchvisionHead(featureShapes(vggConfiguration(depth), batchNorm));

const VGG16 =
  "conv1_1 relu1_1 conv1_2 relu1_2 pool1 conv2_1 relu2_1 conv2_2 relu2_2 pool2 " +
  "conv3_1 relu3_1 conv3_2 relu3_2 conv3_3 relu3_3 pool3 conv4_1 relu4_1 conv4_2 relu4_2 conv4_3 relu4_3 pool4 " +
  "conv5_1 relu5_1 conv5_2 relu5_2 conv5_3 relu5_3 pool5 avgpool fc6 relu6 fc7 relu7 logits";

describe("the VGGs people have", () => {
  // Counts published in torchvision's documentation of the same models.
  test.each([
    [11, 132_863_336],
    [13, 133_047_848],
    [16, 138_357_544],
    [19, 143_667_240],
  ] as const)("VGG-%i has torchvision's number of parameters", (depth, count) => {
    expect(parameters(vgg(depth))).toBe(count);
    expect(inferNetwork(vgg(depth), {}).network.name).toBe(`VGG-${depth}`);
  });

  test.each([11, 13, 16, 19] as const)("VGG-%i with batch norm is the same network, folded", (depth) => {
    expect(layerNames(vgg(depth, true))).toBe(layerNames(vgg(depth)));
    expect(parameters(vgg(depth, true))).toBe(parameters(vgg(depth)));
    const { network, unusedTensors } = inferNetwork(vgg(depth, true), {});
    expect(network.name).toBe(`VGG-${depth} with batch norm`);
    expect(unusedTensors).toEqual([]);
  });

  test("the layers of VGG-16", () => {
    expect(layerNames(vgg(16))).toBe(VGG16);
  });

  test("timm's names mean the same network", () => {
    const timm = timmHead(featureShapes(vggConfiguration(16)));
    expect(layerNames(timm)).toBe(VGG16);
    const { network, bindings } = inferNetwork(timm, {});
    expect(network.layers).toEqual(inferNetwork(vgg(16), {}).network.layers);
    expect(bindings.get("fc6")).toEqual({ weight: "pre_logits.fc1.weight", bias: "pre_logits.fc1.bias" });
    expect(bindings.get("logits")).toEqual({ weight: "head.fc.weight", bias: "head.fc.bias" });
  });

  test("any order of tensors means the same network", () => {
    const reversed = new Map([...vgg(19, true)].reverse());
    expect(inferNetwork(reversed, {}).network).toEqual(inferNetwork(vgg(19, true), {}).network);
  });
});

describe("heads", () => {
  const features = featureShapes([8, "M", 16, 16, "M"]);
  test("as many inputs as channels: global average pooling, padding 1", () => {
    const { network } = inferNetwork(withLinear(features, "classifier", [5, 16]), {});
    expect(network.layers.slice(-3)).toEqual([
      { kind: "maxpool", name: "pool2" },
      { kind: "avgpool", name: "avgpool", outputSize: 1 },
      { kind: "linear", name: "logits", inputFeatures: 16, outputFeatures: 5 },
    ]);
    expect(network.layers[0]).toEqual({
      kind: "conv",
      name: "conv1_1",
      inputChannels: 3,
      outputChannels: 8,
      padding: 1,
    });
  });

  test("49 times as many: adaptive pooling to 7×7, padding 1", () => {
    const { network } = inferNetwork(withLinear(features, "classifier.0", [5, 16 * 49]), {});
    expect(network.layers.at(-2)).toEqual({ kind: "avgpool", name: "avgpool", outputSize: 7 });
    expect(network.layers[0]).toMatchObject({ padding: 1 });
  });

  test("anything else: flatten, padding 0", () => {
    const { network } = inferNetwork(withLinear(features, "classifier.0", [5, 16 * 25]), {});
    expect(network.layers.map(({ kind }) => kind).slice(-2)).toEqual(["maxpool", "linear"]);
    expect(network.layers.filter(({ kind }) => kind === "conv")).toMatchObject([
      { padding: 0 },
      { padding: 0 },
      { padding: 0 },
    ]);
  });

  test("metadata overrules the default padding, options overrule metadata", () => {
    const padding = (metadata: Record<string, string>, options = {}): unknown =>
      inferNetwork(features, metadata, options).network.layers[0];
    expect(padding({ padding: "0" })).toMatchObject({ padding: 0 });
    expect(padding({ padding: "0" }, { padding: 1 })).toMatchObject({ padding: 1 });
    expect(() => padding({ padding: "2" })).toThrow('padding expects "0" or "1", got "2"');
  });

  test("metadata can say that no pool stands before the head", () => {
    const shapes = withLinear(features, "classifier", [5, 16]);
    expect(layerNames(shapes, { pool_last: "false" })).toBe(
      "conv1_1 relu1_1 pool1 conv2_1 relu2_1 conv2_2 relu2_2 avgpool logits",
    );
    expect(() => layerNames(shapes, { pool_last: "no" })).toThrow(WeightsError);
  });

  test("timm's head may stop early; its layers keep their names", () => {
    const fc6 = withLinear(features, "pre_logits.fc1", [32, 16, 7, 7]);
    expect(layerNames(fc6)).toMatch(/avgpool fc6 relu6$/);
    expect(layerNames(withLinear(fc6, "pre_logits.fc2", [32, 32, 1, 1]))).toMatch(/fc6 relu6 fc7 relu7$/);
    expect(layerNames(withLinear(features, "head.fc", [32, 16]))).toMatch(/pool2 avgpool logits$/);
  });

  test("two linear layers are fc6 and logits", () => {
    const shapes = withLinear(withLinear(features, "classifier.0", [9, 16]), "classifier.2", [5, 9]);
    expect(layerNames(shapes)).toMatch(/avgpool fc6 relu6 logits$/);
  });
});

describe("checkpoints that stop early", () => {
  const cut = (last: number): Shapes =>
    new Map([...vgg(19)].filter(([name]) => Number(/^features\.(\d+)/.exec(name)?.[1] ?? Infinity) <= last));

  test.each([
    [0, "VGG-11 or VGG-13 or VGG-16 or VGG-19 to conv1_1", "conv1_1 relu1_1"],
    [5, "VGG-13 or VGG-16 or VGG-19 to conv2_1", "conv1_1 relu1_1 conv1_2 relu1_2 pool1 conv2_1 relu2_1"],
  ])("at features.%i", (last, name, layers) => {
    expect(inferNetwork(cut(last), {}).network.name).toBe(name);
    expect(layerNames(cut(last))).toBe(layers);
  });

  test("end with the ReLU of their last convolution and have no pool after it", () => {
    expect(layerNames(cut(16))).toMatch(/conv3_4 relu3_4$/);
    expect(inferNetwork(cut(16), { classes: "ignored,without,a,head" }).network).toMatchObject({
      name: "VGG-19 to conv3_4",
      classes: [],
    });
  });
});

test("widths are read, not looked up", () => {
  const { network } = inferNetwork(featureShapes([10, 20, "M", 7]), {});
  expect(network.name).toBe("VGG-style, 3 convolutions");
  expect(network.layers.filter(({ kind }) => kind === "conv")).toMatchObject([
    { name: "conv1_1", inputChannels: 3, outputChannels: 10 },
    { name: "conv1_2", inputChannels: 10, outputChannels: 20 },
    { name: "conv2_1", inputChannels: 20, outputChannels: 7 },
  ]);
});

test("missing biases are zeros, which is told where there is no batch norm", () => {
  const rest = { padding: "1", layers: "conv conv", epsilon: "1e-5" };
  const bare = (shapes: Shapes): Shapes => {
    shapes.delete("features.0.bias");
    return shapes;
  };
  const { bindings, assumptions } = inferNetwork(bare(featureShapes([4, 4], true)), rest);
  expect(bindings.get("conv1_1")?.bias).toBeUndefined();
  expect(bindings.get("conv1_2")?.bias).toBe("features.3.bias");
  expect(assumptions).toEqual([]);
  const plain = inferNetwork(bare(featureShapes([4, 4])), rest);
  expect(plain.bindings.get("conv1_1")).toEqual({ weight: "features.0.weight" });
  expect(plain.assumptions).toEqual(["biases are zeros where the file has none: features.0.weight"]);
});

test("tensors that are none of the network's are reported", () => {
  const shapes = new Map([
    ["aux.relu1_1.weight", [64, 16, 1, 1]],
    ...featureShapes([4]),
    ["other", [1]],
  ] as const);
  expect(inferNetwork(shapes as Shapes, {}).unusedTensors).toEqual(["aux.relu1_1.weight", "other"]);
});

describe("class names", () => {
  const shapes = withLinear(featureShapes([4]), "classifier", [3, 4]);
  const classes = (text: string): readonly string[] =>
    inferNetwork(shapes, { classes: text }).network.classes;
  test("come as JSON or separated by commas", () => {
    expect(classes('["a", "b, c", "d"]')).toEqual(["a", "b, c", "d"]);
    expect(classes("a, b c,d")).toEqual(["a", "b c", "d"]);
  });
  test("must be as many as outputs, and texts", () => {
    expect(() => classes("a,b")).toThrow("expects 3 names, one per output of logits, got 2");
    expect(() => classes('["a", "b", 3]')).toThrow(WeightsError);
    expect(() => classes('["a", "b"')).toThrow(WeightsError);
  });
});

test("a first convolution of one channel reads grey images", () => {
  const features = featureShapes([8, 8, "M", 16, "M"]);
  const { network } = inferNetwork(new Map([...features, ["features.0.weight", [8, 1, 3, 3]]]), {});
  expect(imageChannels(network)).toBe(1);
  expect(imageChannels(inferNetwork(features, {}).network)).toBe(3);
});

describe("what does not fit is explained", () => {
  const features = featureShapes([8, 8, "M", 16, "M"]);
  const replaced = (name: string, shape: readonly number[]): Shapes => new Map([...features, [name, shape]]);
  const replacedAlone = (name: string, shape: readonly number[]): Shapes => {
    const shapes = new Map(replaced(name, shape));
    shapes.delete(name.replace("weight", "bias"));
    return shapes;
  };
  const without = (...names: string[]): Shapes =>
    new Map([...features].filter(([name]) => !names.some((gone) => name.startsWith(gone))));
  const cases: readonly (readonly [string, Shapes, message: RegExp, remedy: RegExp])[] = [
    [
      "HWIO for OIHW",
      replaced("features.5.weight", [3, 3, 8, 16]),
      /conv2_1 \(features\.5\.weight\): weights expect \(outputs,8,3,3\), got \(3,3,8,16\)/,
      /HWIO.*transpose to OIHW/,
    ],
    [
      "HWIO in the first layer",
      replaced("features.0.weight", [3, 3, 3, 8]),
      /conv1_1.*got \(3,3,3,8\)/,
      /HWIO/,
    ],
    [
      "HWIO of grey images",
      replaced("features.0.weight", [3, 3, 1, 8]),
      /conv1_1.*got \(3,3,1,8\)/,
      /HWIO.*transpose to OIHW/,
    ],
    ["OHWI of grey images", replaced("features.0.weight", [8, 3, 3, 1]), /conv1_1.*got \(8,3,3,1\)/, /OHWI/],
    [
      "a depthwise convolution of RGB",
      new Map([
        ["features.0.weight", [3, 1, 3, 3]],
        ["features.1.weight", [8, 3, 1, 1]],
      ]),
      /"features\.0" is a depthwise convolution, which cannot be run/,
      /networks that open are/,
    ],
    ["OHWI", replaced("features.5.weight", [16, 3, 3, 8]), /conv2_1/, /OHWI/],
    ["IOHW", replaced("features.5.weight", [8, 16, 3, 3]), /conv2_1/, /IOHW/],
    // 8 channels that lead to 8, and no other layout's: a width that is wrong.
    [
      "half the inputs",
      replaced("features.2.weight", [8, 4, 3, 3]),
      /"features\.2" is a 3×3 convolution of 4 channels, where 8 come in \(2 groups\), which cannot be run/,
      /networks that open are/,
    ],
    ["a layer of another place", replaced("features.2.weight", [8, 3, 3, 3]), /conv1_2/, /mixed/],
    ["HWIO of three outputs", replaced("features.5.weight", [3, 3, 8, 3]), /conv2_1/, /mixed/],
    [
      "what two layers make",
      replacedAlone("features.5.weight", [8, 16, 3, 3]),
      /"features\.5" is a 3×3 convolution of 16 channels, where 8 come in \(those of two layers: a concatenation\)/,
      /networks that open are/,
    ],
    ["nothing to tell outputs by", replacedAlone("features.5.weight", [8, 14, 3, 3]), /conv2_1/, /mixed/],
    [
      "4×4 kernels",
      replaced("features.5.weight", [16, 8, 4, 4]),
      /"features\.5" is a 4×4 convolution, which cannot be run/,
      /odd sides/,
    ],
    [
      "another width",
      replaced("features.5.weight", [16, 9, 3, 3]),
      /expect \(outputs,8,3,3\), got \(16,9,3,3\)/,
      /mixed/,
    ],
    [
      "four input channels",
      replaced("features.0.weight", [8, 4, 3, 3]),
      /"features\.0" reads images of 4 channels, which cannot be run/,
      /three channels, RGB/,
    ],
    ["no outputs", replaced("features.0.weight", [0, 3, 3, 3]), /got \(0,3,3,3\)/, /./],
    [
      "a short bias",
      replaced("features.5.bias", [15]),
      /conv2_1 \(features\.5\.bias\): weights expect \(16\), got \(15\)/,
      /./,
    ],
    ["a missing weight", without("features.5.weight"), /conv2_1: tensor features\.5\.weight is missing/, /./],
    [
      "a missing first layer",
      without("features.0"),
      /tensor features\.0\.weight is missing/,
      /networks that open are/,
    ],
    [
      "a missing middle layer",
      without("features.2"),
      /features\.0 and features\.5: a convolution between them is missing/,
      /./,
    ],
    [
      "layers without a ReLU between",
      new Map([...features, ["features.6.weight", [4, 16, 3, 3]], ["features.6.bias", [4]]]),
      /no room for a ReLU/,
      /./,
    ],
    [
      "half a batch norm",
      new Map([...features, ["features.6.running_var", [16]]]),
      /conv2_1: tensor features\.6\.running_mean is missing/,
      /./,
    ],
    ["no tensors", new Map(), /^the file holds no tensors$/, /networks that open are/],
    [
      "a transposed matrix",
      new Map([...features, ["classifier.weight", [16, 5]], ["classifier.bias", [5]]]),
      /logits \(classifier\.weight\): weights expect \(5,16\), got \(16,5\)/,
      /transposed/,
    ],
    [
      "a head of another width",
      withLinear(features, "classifier", [5, 17]),
      /multiple of the last convolution's 16 channels, got 17/,
      /./,
    ],
    [
      "a broken chain of linear layers",
      withLinear(withLinear(features, "classifier.0", [9, 16]), "classifier.3", [5, 8]),
      /logits \(classifier\.3\.weight\): weights expect \(outputs,9\), got \(5,8\)/,
      /./,
    ],
    [
      "a missing linear layer",
      withLinear(withLinear(features, "classifier.0", [9, 16]), "classifier.6", [5, 9]),
      /classifier\.0 and classifier\.6: a linear layer between them is missing/,
      /./,
    ],
    [
      "timm's head without its middle",
      withLinear(withLinear(features, "pre_logits.fc1", [9, 16, 7, 7]), "head.fc", [5, 9]),
      /fc7: tensor pre_logits\.fc2\.weight is missing/,
      /./,
    ],
    [
      "two heads",
      withLinear(withLinear(features, "classifier", [5, 16]), "head.fc", [5, 16]),
      /two heads: head\.fc and classifier/,
      /./,
    ],
  ];
  test.each(cases)("%s", (_, shapes, message, remedy) => {
    let error: unknown;
    try {
      inferNetwork(shapes, {});
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(WeightsError);
    expect((error as WeightsError).message).toMatch(message);
    expect((error as WeightsError).remedy).toMatch(remedy);
  });
});

test("any names and shapes are refused with a typed error, or make a network whose layers fit together", () => {
  const dimension = fc.constantFrom(0, 1, 3, 8, 16, 49 * 16, 2 ** 40);
  const edit = fc.record({
    name: fc.oneof(
      fc.constantFrom(
        ...["features.0.weight", "features.2.bias", "features.5.weight", "features.3.running_var"],
        ...[
          "classifier.0.weight",
          "classifier.3.weight",
          "head.fc.weight",
          "pre_logits.fc1.weight",
          "__proto__",
        ],
      ),
      fc.string(),
    ),
    shape: fc.option(fc.array(dimension, { maxLength: 5 }), { nil: undefined }),
  });
  const metadata = fc.dictionary(fc.constantFrom("padding", "pool_last", "classes", "x"), fc.string());
  const start = fc.constantFrom(
    withLinear(featureShapes([8, 8, "M", 16, "M"]), "classifier.0", [5, 16]),
    featureShapes([8, "M", 16], true),
    timmHead(featureShapes([8, "M", 16, "M"]), 16, 8, 5),
  );
  let accepted = 0;
  fc.assert(
    fc.property(start, fc.array(edit, { maxLength: 3 }), fc.option(metadata), (shapes, edits, texts) => {
      const edited = new Map(shapes);
      for (const { name, shape } of edits) {
        if (shape === undefined) edited.delete(name);
        else edited.set(name, shape);
      }
      try {
        const { network, bindings, unusedTensors } = inferNetwork(edited, texts ?? {});
        accepted += 1;
        let channels = 3;
        for (const layer of network.layers) {
          if (layer.kind === "conv") expect(layer.inputChannels).toBe(channels);
          if (layer.kind === "linear") expect(layer.inputFeatures % channels).toBe(0);
          if (layer.kind === "conv") channels = layer.outputChannels;
          if (layer.kind === "linear") channels = layer.outputFeatures;
          expect(bindings.has(layer.name)).toBe(layer.kind === "conv" || layer.kind === "linear");
        }
        expect(unusedTensors.every((name) => edited.has(name))).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(AscentError);
      }
    }),
    { numRuns: 1000 },
  );
  expect(accepted).toBeGreaterThan(100);
});
