/** Weights that Keras saved alone: opened by what the names of layers tell, and told what they do not. */
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { type OpenOptions, openModel } from "../../../src/model/model.ts";
import type { Model } from "../../../src/model/network.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { hasWeights } from "../../../src/nn/registry.ts";

const open = async (name: string, options: OpenOptions = {}): Promise<Model> => {
  const bytes = await readFile(new URL(`../../fixtures/keras/${name}`, import.meta.url));
  return openModel(bytesSource(name, bytes), { preprocess: "unit", ...options });
};

/** Of Keras 2 and 3; the same network as `plain.h5`, which has its configuration. */
const ALONE = ["plain-weights.h5", "plain.weights.h5"];

describe.each(ALONE)("%s", (name) => {
  test("is the network that its configuration says, bit for bit", async () => {
    const [whole, alone] = [await open("plain.h5"), await open(name)];
    expect(alone.network).toEqual(whole.network);
    expect(alone.network.layers.map((layer) => layer.name).join(" ")).toBe(
      "conv1_1 relu1_1 conv1_2 relu1_2 pool1 conv2_1 relu2_1 norm2_1 pool2 fc6 relu6 logits",
    );
    for (const layer of alone.network.layers.filter(hasWeights))
      expect(await alone.layerWeights(layer)).toEqual(await whole.layerWeights(layer));
  });

  test("tells what it took for granted", async () => {
    expect((await open(name)).assumptions).toEqual([
      "ReLUs, average pools after convolutions 2, 3, padding 1, 32×32 images, batch norm before ReLUs with ε 1e-3: the head takes 192 = 3·8·8",
      "a flatten of height, width, channels in this order, as Keras has it",
    ]);
  });

  test("is read as it is said to be", async () => {
    const said = await open(name, { padding: 1, epsilon: 0.1, flatten: "chw" });
    expect(said.assumptions.join()).not.toMatch(/flatten|ε|padding/);
    const [kept, turned] = [said, await open(name)];
    const first = kept.network.layers.find((layer) => layer.name === "fc6");
    if (first === undefined) throw new Error("no fc6");
    const [chw, hwc] = [await kept.layerWeights(first), await turned.layerWeights(first)];
    // Of channel 2 at row 5, column 3 of the 8×8 map: where it stands in each order.
    const [channel, position] = [2, 5 * 8 + 3];
    expect(hwc.weight[192 + channel * 64 + position]).toBe(chw.weight[192 + position * 3 + channel]);
  });
});

test("a nested model's layers without weights are not told: asked for, or assumed", async () => {
  const name = "plain-nested-weights.h5";
  await expect(open(name)).rejects.toThrow(
    /^layers: the head takes 192 = 3·8·8, which fits more than one network/,
  );
  const { network, assumptions } = await open(name, { layers: "conv conv avgpool conv avgpool" });
  expect(network.layers.filter(hasWeights)).toHaveLength(5);
  expect(assumptions.join("; ")).toMatch(/^batch norm before the activation; padding 1/);
});

test("where neither places nor numbers tell which layers batch norm follows, that is said", async () => {
  await expect(open("plain-unordered.weights.h5")).rejects.toThrow(
    /do not say which layers their batch norm follows/,
  );
});

test.each([
  ["weights.h5", /do not say where they have which: leaky and other activations/],
  ["keras3.weights.h5", /^padding: the head takes 45 = 5·3·3/],
])("%s, of which alone too little is known, is refused with why", async (name, message) => {
  await expect(open(name)).rejects.toThrow(message);
});
