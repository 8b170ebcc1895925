import { describe, expect, test } from "vitest";
import { InputError, WeightsError } from "../../src/errors.ts";
import { inferNetwork } from "../../src/model/architecture.ts";
import { QuestionError } from "../../src/model/question.ts";
import { featureShapes, type Shapes, withLinear } from "./checkpoints.ts";

const conv = (name: string, output: number, input: number, side = 3): [string, readonly number[]][] => [
  [`${name}.weight`, [output, input, side, side]],
  [`${name}.bias`, [output]],
];
const linear = (name: string, output: number, input: number): [string, readonly number[]][] => [
  [`${name}.weight`, [output, input]],
  [`${name}.bias`, [output]],
];
const names = (shapes: Shapes, metadata = {}, options = {}): string =>
  inferNetwork(shapes, metadata, options)
    .network.layers.map(({ name }) => name)
    .filter((name) => !name.startsWith("relu"))
    .join(" ");
const questionOf = (read: () => unknown): QuestionError => {
  try {
    read();
  } catch (error) {
    if (error instanceof QuestionError) return error;
    throw error;
  }
  throw new Error("expected a question");
};
const paddingOf = (shapes: Shapes, options = {}) =>
  (inferNetwork(shapes, {}, options).network.layers[0] as { padding: number }).padding;

describe("padding of a network that flattens", () => {
  const features = featureShapes([8, 8, "M", 12, 12, "M", 16, 16, "M"]);
  const flattened = (side: number): Shapes => withLinear(features, "classifier.0", [5, 16 * side * side]);

  test.each([
    [8, 1, 64],
    // 32 → 4
    [4, 1, 32],
    [12, 1, 96],
    [28, 1, 224],
  ])("a map of %i×%i is padded by %i: %i pixels are usual", (side, padding, image) => {
    expect(paddingOf(flattened(side))).toBe(padding);
    expect(inferNetwork(flattened(side), {}).assumptions.join()).toContain(
      `padding ${padding}, ${image}×${image} images`,
    );
  });

  test("what a course saves is unpadded: 1690 = 10·13·13 of 64×64 images", () => {
    const tiny = withLinear(featureShapes([10, 10, "M", 10, 10, "M"]), "classifier.1", [3, 1690]);
    expect(paddingOf(tiny)).toBe(0);
    expect(inferNetwork(tiny, {}).assumptions).toEqual([
      "ReLUs, max-pools after convolutions 2, 4, padding 0, 64×64 images: the head takes 1690 = 10·13·13",
    ]);
  });

  test("two paddings that fit equally are asked for, with what speaks for each", () => {
    const stack = (side: number): Shapes =>
      withLinear(featureShapes([8, 8]), "classifier.0", [5, 8 * side * side]);
    const asked = questionOf(() => inferNetwork(stack(28), { pool_last: "false" }));
    expect(asked.question).toEqual({
      about: "padding",
      answers: [
        { value: "1", text: "padding 1", why: "28×28 images" },
        { value: "0", text: "padding 0", why: "32×32 images" },
      ],
    });
    expect(asked.message).toBe(
      "padding: the head takes 6272 = 8·28·28, which 28×28 images give with padding 1, and 32×32 images with padding 0",
    );
    expect(asked.remedy).toBe("say which: padding 1, or padding 0");
  });

  test("where no usual size fits it is asked for, with the sizes of each", () => {
    const odd = flattened(10);
    expect(questionOf(() => inferNetwork(odd, {})).question.answers).toEqual([
      { value: "1", text: "padding 1", why: "80 to 87 pixels" },
      { value: "0", text: "padding 0", why: "108 to 115 pixels" },
    ]);
    expect(() => inferNetwork(odd, {})).toThrow(
      /80 to 87 pixels with padding 1, or 108 to 115 pixels with padding 0/,
    );
    expect(paddingOf(odd, { padding: 0 })).toBe(0);
  });
});

describe("dropout in the numbering", () => {
  const shapes = (indices: readonly number[], widths: readonly number[]): Shapes =>
    new Map([
      ...indices.flatMap((index, i) => conv(`features.${index}`, widths[i] as number, widths[i - 1] ?? 3)),
      ...linear("classifier.0", 5, widths.at(-1) as number),
    ]);

  test("between convolutions of the same width it is no pool", () => {
    const between = shapes([0, 3, 6, 9, 12, 14], [8, 8, 12, 12, 16, 16]);
    expect(names(between)).toBe(
      "conv1_1 conv1_2 pool1 conv2_1 conv2_2 pool2 conv3_1 conv3_2 pool3 avgpool logits",
    );
    expect(inferNetwork(between, {}).assumptions[0]).toContain("max-pools after convolutions 2, 4, 6");
  });

  test("after a pool it takes a number more", () => {
    expect(names(shapes([0, 2, 6, 8], [8, 8, 12, 12]))).toBe(
      "conv1_1 conv1_2 pool1 conv2_1 conv2_2 pool2 avgpool logits",
    );
  });

  test("layers overrule it, as a flag or in the metadata, in words or in widths", () => {
    const between = shapes([0, 3, 6], [8, 8, 12]);
    const all = "conv1_1 pool1 conv2_1 pool2 conv3_1 avgpool logits";
    expect(names(between, {}, { layers: "conv pool conv pool conv" })).toBe(all);
    expect(names(between, { layers: "8,M,8,M,12" })).toBe(all);
    expect(names(between, { arch: "8,M,8,M,12; global average pool" })).toBe(
      "conv1_1 pool1 conv2_1 pool2 conv3_1 pool3 avgpool logits",
    );
    expect(names(between, { arch: "8,M,9,M,12" })).toBe(names(between));
    expect(inferNetwork(between, { layers: "8,M,8,M,12", padding: "1" }).assumptions).toEqual([]);
    expect(() => names(between, {}, { layers: "conv pool" })).toThrow("3 convolutions, got 1");
    expect(() => names(between, {}, { layers: "conv stride conv" })).toThrow(InputError);
  });

  test("what fits the head decides where it flattens", () => {
    // Three pools would leave 4×4 of 32×32; 8×8 tells that one of the three places is a dropout.
    const two: Shapes = new Map([
      ...[...shapes([0, 3, 6], [8, 8, 12])].filter(([name]) => name.startsWith("features")),
      ...linear("classifier.0", 5, 12 * 8 * 8),
    ]);
    expect(inferNetwork(two, {}).assumptions[0]).toMatch(/padding 1, (32|64)×/);
  });
});

describe("wrappers", () => {
  const plain = withLinear(featureShapes([8, "M", 16, "M"]), "classifier.0", [5, 16]);
  const renamed = (rename: (name: string) => string): Shapes =>
    new Map([...plain].map(([name, shape]) => [rename(name), shape]));

  test.each([
    "module.",
    "net.",
    "backbone.",
    "state_dict.",
    "model_state_dict.module.",
    "_orig_mod.",
    "ema.",
    "a.b.c.",
  ])("%s is looked through", (prefix) => {
    const { network, bindings, unusedTensors } = inferNetwork(
      renamed((name) => prefix + name),
      {},
    );
    expect(network).toEqual(inferNetwork(plain, {}).network);
    expect(bindings.get("conv1_1")?.weight).toBe(`${prefix}features.0.weight`);
    expect(unusedTensors).toEqual([]);
  });

  test("inside of features too", () => {
    const inside = renamed((name) => name.replace("features.", "features.module."));
    expect(inferNetwork(inside, {}).network).toEqual(inferNetwork(plain, {}).network);
  });

  test("of the robustness library's two copies the network's own is taken, and said", () => {
    const two: Shapes = new Map([
      ...renamed((name) => `module.attacker.model.${name}`),
      ...renamed((name) => `module.model.${name}`),
    ]);
    const { bindings, assumptions } = inferNetwork(two, {});
    expect(bindings.get("logits")?.weight).toBe("module.model.classifier.0.weight");
    expect(assumptions).toContain(
      'the copy under "module.model." is taken, not the one under "module.attacker.model."',
    );
  });

  test("a head beside the backbone is its head", () => {
    const apart = new Map(
      [...renamed((name) => `backbone.${name}`)].filter(([name]) => !name.includes("class")),
    );
    const { network, bindings } = inferNetwork(new Map([...apart, ...linear("fc", 5, 16)]), {});
    expect(network).toEqual(inferNetwork(plain, {}).network);
    expect(bindings.get("logits")?.weight).toBe("fc.weight");
  });
});

describe("any plain stack", () => {
  test("blocks by their names, whatever order the file has", () => {
    const course: [string, readonly number[]][] = [
      ...linear("classifier.1", 3, 1690),
      ...conv("conv_block_1.0", 10, 3),
      ...conv("conv_block_1.2", 10, 10),
      ...conv("conv_block_2.0", 10, 10),
      ...conv("conv_block_2.2", 10, 10),
    ];
    expect(names(new Map(course))).toBe("conv1_1 conv1_2 pool1 conv2_1 conv2_2 pool2 logits");
    expect(names(new Map(course.toReversed()))).toBe(names(new Map(course)));
    const { bindings } = inferNetwork(new Map(course), {});
    expect(bindings.get("conv2_1")).toEqual({ weight: "conv_block_2.0.weight", bias: "conv_block_2.0.bias" });
  });

  test("one sequence keeps its numbering", () => {
    const shapes: Shapes = new Map([
      ...conv("10", 12, 8),
      ...conv("0", 8, 3),
      ...conv("2", 8, 8),
      ...conv("5", 8, 8),
      ...conv("7", 8, 8),
    ]);
    expect(names(shapes)).toBe("conv1_1 conv1_2 pool1 conv2_1 conv2_2 pool2 conv3_1");
  });

  test("block3_conv2 is of block 3, with its batch norm", () => {
    const norm = (name: string, width: number): [string, readonly number[]][] =>
      ["weight", "bias", "running_mean", "running_var"].map((part) => [`${name}.${part}`, [width]]);
    const shapes: Shapes = new Map([
      ...conv("conv1_1", 8, 3),
      ...norm("bn1_1", 8),
      ...conv("conv1_2", 8, 8),
      ...norm("bn1_2", 8),
      ...conv("conv2_1", 12, 8),
      ...norm("bn2_1", 12),
      ...linear("fc", 5, 12),
    ]);
    expect(names(shapes)).toBe("conv1_1 conv1_2 pool1 conv2_1 pool2 avgpool logits");
    expect(inferNetwork(shapes, {}).bindings.get("conv1_2")?.batchNorm?.mean).toBe("bn1_2.running_mean");
  });

  test("without blocks pools stand where they fit the head: conv1, conv2, fc1, fc2 of a course", () => {
    const shapes: Shapes = new Map([
      ...conv("conv1", 16, 3),
      ...conv("conv2", 32, 16),
      ...linear("fc1", 64, 32 * 8 * 8),
      ...linear("fc2", 10, 64),
    ]);
    const { network, assumptions } = inferNetwork(shapes, {});
    expect(network.layers.map(({ name }) => name).join(" ")).toBe(
      "conv1_1 relu1_1 pool1 conv2_1 relu2_1 pool2 fc6 relu6 logits",
    );
    expect(assumptions[0]).toContain("padding 1, 32×32 images: the head takes 2048 = 32·8·8");
  });

  test("without blocks and with an average before the head, pools are asked for", () => {
    const shapes: Shapes = new Map([...conv("a1", 8, 3), ...conv("a2", 8, 8), ...linear("fc", 5, 8)]);
    expect(questionOf(() => inferNetwork(shapes, {})).question).toEqual({
      about: "layers",
      answers: [
        {
          value: "conv conv pool",
          text: "pools after convolution 2",
          why: "where the number of channels changes",
        },
        {
          value: "conv pool conv pool",
          text: "pools after convolutions 1, 2",
          why: "after every convolution",
        },
        { value: "conv conv", text: "no pools", why: "nowhere" },
      ],
    });
    expect(names(shapes, { layers: "conv pool conv" })).toBe("conv1_1 pool1 conv2_1 avgpool logits");
  });

  test("without numbers, convolutions that may change places stand in the file's order, which is told", () => {
    const order = (...paths: string[]): readonly string[] =>
      inferNetwork(
        new Map([...conv("stem", 8, 3), ...paths.flatMap((path) => conv(path, 8, 8))]),
        {},
        {
          layers: "conv ".repeat(paths.length + 1),
          padding: 1,
        },
      ).assumptions;
    expect(order("body", "tail")).toEqual(['convolutions in the file\'s order: "stem", "body", "tail"']);
    expect(order("body1", "body2")).toEqual([]);
  });

  test("the one convolution that takes an image is no depthwise one, wherever the file has it", () => {
    const shapes: Shapes = new Map([
      ...conv("residual_layer.0.conv", 8, 8),
      ...conv("residual_layer.1.conv", 8, 8),
      ...conv("input", 8, 1),
      ...conv("output", 1, 8),
    ]);
    shapes.delete("input.bias");
    const refused = (): unknown => {
      try {
        return names(shapes);
      } catch (error) {
        return [(error as WeightsError).message, (error as WeightsError).remedy].join();
      }
    };
    expect(refused()).not.toMatch(/depthwise|mixed/);
  });

  test("of thousands of modules is soon read or refused", () => {
    const many = (name: (i: number) => string, shape: readonly number[]): [string, readonly number[]][] =>
      Array.from({ length: 8000 }, (_, i) => [`${name(i)}.weight`, shape]);
    const convs = many((i) => `conv${i}`, [3, 3, 3, 3]);
    const begun = performance.now();
    for (const file of [
      [...convs, ...many((i) => `b${i}`, [3])],
      [...convs, ...many((i) => `norm${i + 9000}`, [3])],
      [...many((i) => `a${i}.x.y.conv`, [3, 3, 3, 3]), ...many((i) => `b.${i}.fc`, [3, 3])],
    ]) {
      expect(() => inferNetwork(new Map(file), {})).toThrow(WeightsError);
    }
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  test("conv1, conv2 and a head of 49 positions are flattened: 7×7 of 28×28 images", () => {
    const shapes: Shapes = new Map([
      ...conv("conv1", 8, 3),
      ...conv("conv2", 12, 8),
      ...linear("fc1", 9, 12 * 49),
      ...linear("fc2", 5, 9),
    ]);
    const { network, assumptions } = inferNetwork(shapes, {});
    expect(network.layers.some(({ kind }) => kind === "avgpool")).toBe(false);
    expect(assumptions).toEqual([
      "ReLUs, max-pools after convolutions 1, 2, padding 1, 28×28 images: the head takes 588 = 12·7·7",
    ]);
  });

  test("a network of another kind is refused by its first layer that does not run", () => {
    const residual: Shapes = new Map([
      ...conv("conv1", 8, 3),
      ...conv("layer1.0.conv1", 8, 8),
      ...conv("layer1.0.downsample.0", 16, 4, 1),
    ]);
    expect(() => inferNetwork(residual, {})).toThrow(WeightsError);
    expect(() => inferNetwork(residual, {})).toThrow('"layer1.0" is a residual block, which cannot be run');
  });
});

test("batch norm in the head belongs to the linear layer before it", () => {
  const norm = ["weight", "bias", "running_mean", "running_var"].map(
    (part) => [`classifier.1.${part}`, [24]] as const,
  );
  const shapes: Shapes = new Map([
    ...withLinear(featureShapes([8, "M"]), "classifier.0", [24, 8]),
    ...norm,
    ...linear("classifier.4", 5, 24),
  ]);
  const { bindings, unusedTensors } = inferNetwork(shapes, {});
  expect(bindings.get("fc6")?.batchNorm?.variance).toBe("classifier.1.running_var");
  expect(bindings.get("logits")?.weight).toBe("classifier.4.weight");
  expect(unusedTensors).toEqual([]);
});

describe("other layers", () => {
  const kinds = (shapes: Shapes, options = {}): string =>
    inferNetwork(shapes, {}, options)
      .network.layers.map(({ kind }) => kind)
      .join(" ");
  const plain: Shapes = new Map([...conv("features.0", 8, 3), ...conv("features.3", 12, 8)]);

  test("average pools and leaky ReLUs are said by layers", () => {
    expect(kinds(plain, { layers: "conv leaky0.1 avgpool conv" })).toBe("conv leaky avgpool2x2 conv leaky");
    const { layers } = inferNetwork(plain, {}, { layers: "conv pool conv leaky.25" }).network;
    expect(layers[1]).toEqual({ kind: "leaky", name: "relu1_1", slope: 0.25 });
    expect(() => kinds(plain, { layers: "conv pool conv avgpool" })).toThrow(InputError);
  });

  test("kernels of other odd sides keep the size as 3×3 do", () => {
    const shapes: Shapes = new Map([...conv("features.0", 8, 3, 5), ...conv("features.2", 8, 8, 1)]);
    expect(inferNetwork(shapes, {}).network.layers).toMatchObject([
      { kind: "plainconv", name: "conv1_1", side: 5, padding: 2 },
      { kind: "relu" },
      { kind: "plainconv", name: "conv1_2", side: 1, padding: 0 },
      { kind: "relu" },
    ]);
  });

  test("batch norm after the ReLU is a layer of its own", () => {
    const norm = ["weight", "bias", "running_mean", "running_var"].map(
      (part) => [`features.2.${part}`, [8]] as const,
    );
    const shapes: Shapes = new Map([...conv("features.0", 8, 3), ...norm, ...conv("features.4", 8, 8)]);
    const { network, bindings } = inferNetwork(shapes, {});
    expect(network.layers.map(({ name }) => name).join(" ")).toBe(
      "conv1_1 relu1_1 norm1_1 pool1 conv2_1 relu2_1",
    );
    expect(bindings.get("norm1_1")?.batchNorm?.mean).toBe("features.2.running_mean");
  });
});
