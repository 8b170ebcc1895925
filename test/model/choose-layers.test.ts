/** What is told of a network that its names and shapes do not say, and how each part of it is said. */
import { describe, expect, test } from "vitest";
import { InputError, WeightsError } from "../../src/errors.ts";
import { inferNetwork } from "../../src/model/architecture.ts";
import { openModel } from "../../src/model/model.ts";
import type { Reading } from "../../src/model/reading.ts";
import { bytesSource } from "../../src/model/source.ts";
import {
  checkpoint,
  featureShapes,
  type Shapes,
  timmHead,
  torchvisionHead,
  vggConfiguration,
  withLinear,
} from "./checkpoints.ts";

const DEPTHS = [11, 13, 16, 19] as const;
const told = (shapes: Shapes, metadata = {}, options: Omit<Reading, "preprocess"> = {}): readonly string[] =>
  inferNetwork(shapes, metadata, options).assumptions;
const features = (depth: (typeof DEPTHS)[number], batchNorm = false, widths?: number[]): Shapes =>
  featureShapes(vggConfiguration(depth, widths), batchNorm);

describe("torchvision's and timm's own VGGs", () => {
  test.each(DEPTHS)("vgg%i, with batch norm too, is told like any other", (depth) => {
    for (const batchNorm of [false, true]) {
      for (const head of [torchvisionHead, timmHead]) {
        const [line, ...more] = told(head(features(depth, batchNorm)));
        expect(line).toMatch(
          /^ReLUs, max-pools after convolutions .*, padding 1, (ε 1e-5 of batch norm, )?an average over/,
        );
        expect(more).toEqual([]);
      }
    }
  });

  const whole = torchvisionHead(features(11, true));
  const changed: readonly (readonly [string, Shapes])[] = [
    ["of other classes", torchvisionHead(features(11, true), 512, 4096, 10)],
    ["of another width", torchvisionHead(features(11, true), 512, 512)],
    ["of slim convolutions", torchvisionHead(features(11, true, [8, 8, 8, 8, 512]))],
    ["under a prefix", new Map([...whole].map(([name, shape]) => [`model.${name}`, shape]))],
    ["without its head", features(11, true)],
    ["with a convolution more", torchvisionHead(featureShapes([...vggConfiguration(11), 512], true))],
  ];
  test.each(changed)("one %s is told", (_, shapes) => {
    expect(told(shapes)).toHaveLength(1);
    expect(told(shapes)[0]).toMatch(/^ReLUs, max-pools after .*, padding 1, ε 1e-5 of batch norm/);
  });
});

describe("a line tells what is not said", () => {
  const small = withLinear(features(13, true, [4, 4, 4, 4, 8]), "classifier", [10, 8]);
  const head = "an average over all positions before the head, which takes 8 features";
  const places = "max-pools after convolutions 2, 4, 6, 8, 10";
  const conv = "conv conv pool ".repeat(5);

  test.each<[Omit<Reading, "preprocess">, readonly string[]]>([
    [{}, [`ReLUs, ${places}, padding 1, ε 1e-5 of batch norm, ${head}`]],
    [{ padding: 1 }, [`ReLUs, ${places}, ε 1e-5 of batch norm, ${head}`]],
    [{ layers: "leaky0.1" }, [`${places}, padding 1, ε 1e-5 of batch norm, ${head}`]],
    [
      { layers: "avgpool" },
      [`ReLUs, average pools after convolutions 2, 4, 6, 8, 10, padding 1, ε 1e-5 of batch norm, ${head}`],
    ],
    [{ layers: conv }, [`padding 1, ε 1e-5 of batch norm, ${head}`]],
    [{ layers: conv, epsilon: 0.001 }, [`padding 1, ${head}`]],
    [{ layers: conv, epsilon: 0.001, padding: 1 }, []],
  ])("%j", (options, assumptions) => {
    expect(told(small, {}, options)).toEqual(assumptions);
    const metadata = Object.entries(options).map(([field, value]) => [field, String(value)]);
    expect(told(small, Object.fromEntries(metadata))).toEqual(assumptions);
  });

  test("of other kernels it is the size that padding keeps", () => {
    const shapes: Shapes = new Map([["features.0.weight", [4, 3, 5, 5]]]);
    expect(told(shapes, {}, { layers: "conv" })[0]).toBe("padding that keeps the size");
  });
});

describe("batch norm without numbers", () => {
  const norm = (path: string): [string, readonly number[]][] =>
    ["weight", "bias", "running_mean", "running_var"].map((part) => [`${path}.${part}`, [4]]);
  const shapes: Shapes = new Map<string, readonly number[]>([
    ["conv1.weight", [4, 3, 3, 3]],
    ...norm("bn1"),
    ["conv2.weight", [4, 4, 3, 3]],
    ...norm("bn2"),
  ]);
  const names = (layers: string): string =>
    inferNetwork(shapes, {}, { layers })
      .network.layers.map(({ name }) => name)
      .join(" ");

  test("stands before ReLUs, which is told, unless layers say otherwise", () => {
    expect(told(shapes, {}, { padding: 1, layers: "conv conv" })).toEqual([
      "batch norm before ReLUs with ε 1e-5",
    ]);
    expect(names("conv conv")).toBe("conv1_1 relu1_1 conv1_2 relu1_2");
    expect(names("relu batchnorm")).toBe("conv1_1 relu1_1 norm1_1 conv1_2 relu1_2 norm1_2");
    expect(names("conv relu batchnorm pool conv")).toBe(
      "conv1_1 relu1_1 norm1_1 pool1 conv2_1 relu2_1 norm2_1",
    );
    const { bindings } = inferNetwork(shapes, {}, { layers: "relu batchnorm" });
    expect(bindings.get("conv1_2")).toEqual({ weight: "conv2.weight" });
    expect(bindings.get("norm1_2")?.batchNorm?.mean).toBe("bn2.running_mean");
    const said = { padding: 1, layers: "conv batchnorm relu conv", epsilon: 1e-5 } as const;
    expect(told(shapes, {}, said)).toEqual([]);
    expect(() => names("conv batchnorm relu batchnorm conv")).toThrow("batch norms of one kind");
  });

  test("stands where the numbers in its block say", () => {
    const block = (n: number, input: number, normAt: number): [string, readonly number[]][] => [
      [`block${n}.0.weight`, [4, input, 3, 3]],
      ...norm(`block${n}.${normAt}`),
    ];
    const layers = (normAt: number): string =>
      inferNetwork(new Map([...block(1, 3, normAt), ...block(2, 4, normAt)]), {})
        .network.layers.map(({ name }) => name)
        .join(" ");
    expect(layers(1)).toBe("conv1_1 relu1_1 pool1 conv2_1 relu2_1");
    expect(layers(2)).toBe("conv1_1 relu1_1 norm1_1 pool1 conv2_1 relu2_1 norm2_1");
    expect(() => layers(3)).toThrow(
      '"block1.3" is batch norm that follows neither a convolution nor its ReLU',
    );
    const { assumptions } = inferNetwork(new Map([...block(1, 3, 1), ...block(2, 4, 1)]), {});
    expect(assumptions[0]).toBe("ReLUs, max-pools after convolution 1, padding 1, ε 1e-5 of batch norm");
  });

  test.each([
    ["bn0", new Map([...norm("bn0"), ...shapes])],
    ["features.0", new Map([...norm("features.0"), ["features.1.weight", [4, 4, 3, 3]]] as const)],
    [
      "classifier.0",
      new Map([...featureShapes([4]), ...norm("classifier.0"), ["classifier.1.weight", [5, 4]]] as const),
    ],
  ])("%s that stands before its layer is not left out in silence", (path, file) => {
    expect(() => inferNetwork(file as Shapes, {}, { layers: "relu" })).toThrow(
      `"${path}" is batch norm that follows neither a convolution nor its ReLU, which cannot be run`,
    );
  });

  test("nor is a layer that has no place", () => {
    const shapes = new Map([...featureShapes([4, 4]), ["features.0.gate.weight", [4, 4]]] as const);
    expect(() => inferNetwork(shapes as Shapes, {})).toThrow(
      '"features.0.gate" is a layer with weights (4,4) that has no place among the others, which cannot be run',
    );
  });
});

describe("layers said without any convolution", () => {
  const shapes = withLinear(
    withLinear(featureShapes([4, 4, "M", 8, "M"]), "classifier.0", [6, 8]),
    "classifier.2",
    [5, 6],
  );
  const kinds = (layers: string): string =>
    inferNetwork(shapes, {}, { layers })
      .network.layers.map(({ name }) => name)
      .filter((name) => !/conv|fc|logits|avgpool/.test(name))
      .join(" ");
  test.each([
    ["relu", "relu1_1 relu1_2 pool1 relu2_1 pool2 relu6"],
    ["tanh", "tanh1_1 tanh1_2 pool1 tanh2_1 pool2 tanh6"],
    ["relu fc sigmoid", "relu1_1 relu1_2 pool1 relu2_1 pool2 sigmoid6"],
    ["conv conv conv pool fc tanh", "relu1_1 relu1_2 relu1_3 pool1 tanh6"],
  ])("%s", (layers, names) => {
    expect(kinds(layers)).toBe(names);
  });

  test("a slope is that of hidden linear layers too, and average pools stand where pools do", () => {
    const { layers } = inferNetwork(shapes, {}, { layers: "avgpool leaky0.2" }).network;
    expect(layers.filter(({ kind }) => kind === "leaky")).toHaveLength(4);
    expect(layers.filter(({ kind }) => kind === "avgpool2x2")).toHaveLength(2);
  });

  test.each(["", "relu tanh", "pool avgpool", "conv", "leaky2", "gelu", "pool conv conv conv"])(
    "%j is refused",
    (layers) => {
      expect(() => kinds(layers)).toThrow(InputError);
    },
  );
});

test("ε of batch norm is what is said, by option or metadata", async () => {
  const shapes = featureShapes([2], true);
  const folded = async (options: Reading, metadata = {}) => {
    const bytes = checkpoint(shapes, { preprocess: "unit", ...metadata });
    const model = await openModel(bytesSource("file", bytes), options);
    return model.layerWeights(model.network.layers[0] as (typeof model.network.layers)[number]);
  };
  const usual = await folded({});
  const other = await folded({ epsilon: 0.5 });
  expect(other).toEqual(await folded({}, { epsilon: "0.5" }));
  expect(usual).toEqual(await folded({ epsilon: 1e-5 }));
  // w′ = w·γ/√(σ²+ε). The file's numbers are 0.001, 0.002, …: σ² follows the weight, the bias, γ, β and the mean.
  const ratio = (other.weight[0] as number) / (usual.weight[0] as number);
  const sigma = 0.001 * (2 * 27 + 2 + 2 + 2 + 2 + 1);
  expect(ratio).toBeCloseTo(Math.sqrt((sigma + 1e-5) / (sigma + 0.5)), 5);
  await expect(folded({}, { epsilon: "much" })).rejects.toThrow(WeightsError);
  await expect(folded({ epsilon: -1 })).rejects.toThrow("epsilon: expected a number from 0 to 1, got -1");
});
