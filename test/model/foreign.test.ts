/** Checkpoints of other kinds of networks, and of wrapped ones, as PyTorch saved them (`test/fixtures/foreign.py`). */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { WeightsError } from "../../src/errors.ts";
import { openModel } from "../../src/model/model.ts";
import { bytesSource } from "../../src/model/source.ts";
import { NETWORKS_THAT_OPEN } from "../../src/model/unrunnable.ts";

interface Foreign {
  /** By kind, as base64. */
  readonly others: Readonly<Record<string, string>>;
  readonly wrapped: Readonly<Record<string, string>>;
  /** Weights of the first convolution of the network that is to be taken, and of the other copy. */
  readonly first: readonly number[];
  readonly firstOfCopy: readonly number[];
}

const text = readFileSync(new URL("../fixtures/foreign.json", import.meta.url), "utf8");
const foreign = JSON.parse(text) as Foreign;
const open = (file: string, options = {}) =>
  openModel(bytesSource("net.pth", new Uint8Array(Buffer.from(file, "base64"))), {
    preprocess: "unit",
    ...options,
  });

const SAVE = "save the network's state_dict()";
const refusals: Readonly<Record<string, readonly [message: string, remedy?: string]>> = {
  ResNet: ['"layer1.0" is a residual block, which cannot be run'],
  MobileNet: ['"features.1.conv.0.0" is a depthwise convolution, which cannot be run'],
  ViT: ['"patch_embed.proj" is a 16×16 convolution, which cannot be run'],
  "attention behind": ['"attention" is attention, which cannot be run'],
  Inception: ['"inception3a.branch1.0" is part of a block of branches, which cannot be run'],
  branches: [
    '"right" is a 3×3 convolution of 4 channels, where 6 come in (those of an earlier layer: a branch, or past a sum), which cannot be run',
  ],
  BERT: ['"bert.embeddings.word_embeddings" is an embedding of words, which cannot be run'],
  AlexNet: ['"features.0" is an 11×11 convolution with stride 4, as AlexNet\'s, which cannot be run'],
  DenseNet: ['"features.denseblock1.denselayer1.conv1" is part of a dense block, which cannot be run'],
  SqueezeNet: ['"features.3.squeeze" is part of a fire module, which cannot be run'],
  "U-Net": ['"up" is a transposed 2×2 convolution, which cannot be run'],
  LSTM: ['"lstm" is a recurrent layer, which cannot be run'],
  GAN: ['"main.0" is a transposed 4×4 convolution, which cannot be run'],
  "3-D convolution": ['"0" is a 3-D convolution, which cannot be run'],
  "stride 2": ['layer 3 ("2") is a 3×3 convolution with stride 2×2, which cannot be run'],
  PReLU: ['"1" is a PReLU or a scale, whose numbers are learned, which cannot be run'],
  "group norm": ['"1" is a normalization without running statistics, which cannot be run'],
  "linear layers": ['the file holds no convolution; its first tensor is "0.weight" (3,4)'],
  optimizer: ["net.pth: expected a network's weights, got the state of an optimizer alone", SAVE],
  "optimizer beside nothing": [
    "net.pth: expected a network's weights, got the state of an optimizer alone",
    SAVE,
  ],
  empty: ["net.pth: expected a network's weights, got a file without tensors", SAVE],
};

test("every other kind is listed here", () => {
  expect(Object.keys(foreign.others).sort()).toEqual(Object.keys(refusals).sort());
});

test.each(Object.entries(refusals))("%s is refused by its first layer", async (kind, [message, remedy]) => {
  const error: unknown = await open(foreign.others[kind] ?? "").catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(WeightsError);
  const { message: said, remedy: cure } = error as WeightsError;
  expect([said, cure]).toEqual([message, remedy ?? NETWORKS_THAT_OPEN]);
});

/** Which copy is taken, where there are two. */
const copies: Readonly<Record<string, readonly [taken: string, other: string]>> = {
  robustness: ["model.module.model.", "model.module.attacker.model."],
  "EMA beside": ["model.", "ema."],
  "EMA state dict": ["state_dict.", "state_dict_ema."],
  "EMA of other names": ["model.", "ema."],
};

test.each(Object.keys(foreign.wrapped))(
  "a network under %s opens; of two copies one is taken, and told",
  async (name) => {
    const model = await open(foreign.wrapped[name] ?? "", { padding: 1, layers: "conv pool conv pool" });
    const { layers } = model.network;
    expect(layers.map((layer) => layer.name).join(" ")).toBe(
      "conv1_1 relu1_1 pool1 conv2_1 relu2_1 pool2 avgpool logits",
    );
    const { weight } = await model.layerWeights(layers[0] as (typeof layers)[number]);
    expect([...weight]).toEqual(foreign.first);
    expect([...weight]).not.toEqual(foreign.firstOfCopy);
    const [taken, other] = copies[name] ?? [];
    expect(model.assumptions).toEqual(
      taken === undefined ? [] : [`the copy under "${taken}" is taken, not the one under "${other}"`],
    );
  },
);

test("of the robustness library's checkpoints the normalizer is the preprocessing", async () => {
  const model = await open(foreign.wrapped["robustness"] ?? "", { preprocess: undefined });
  expect(model.preprocess).toBe("mean=0.5,0.25,0.125;std=0.5,1,2");
});
