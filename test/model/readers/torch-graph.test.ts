/** The layers of modules that PyTorch pickled whole (`test/fixtures/checkpoints.py`). */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openModel } from "../../../src/model/model.ts";
import { openCheckpoint } from "../../../src/model/readers/open-checkpoint.ts";
import { bytesSource } from "../../../src/model/source.ts";

const text = readFileSync(new URL("../../fixtures/checkpoints.json", import.meta.url), "utf8");
const written = JSON.parse(text) as readonly { readonly name: string; readonly file: string }[];
const source = (name: string): ReturnType<typeof bytesSource> =>
  bytesSource("net", Buffer.from(written.find((one) => one.name === name)?.file ?? "", "base64"));

const around = (n: number): object => ({ top: n, left: n, bottom: n, right: n });
const conv = { kind: "conv", stride: [1, 1], dilation: [1, 1], groups: 1 };

test.each(["module", "legacy module"])(
  "a %s lists its layers in order, with their settings",
  async (name) => {
    const { graph } = await openCheckpoint(source(name));
    expect(graph).toEqual([
      { ...conv, name: "0", weight: "0.weight", bias: "0.bias", kernel: [3, 3], padding: around(1) },
      {
        kind: "batchnorm",
        name: "1",
        weight: "1.weight",
        bias: "1.bias",
        mean: "1.running_mean",
        variance: "1.running_var",
        epsilon: 1e-3,
      },
      { kind: "leaky", name: "2", slope: 0.1 },
      { kind: "maxpool", name: "3", kernel: [2, 2], stride: [2, 2], padding: around(0) },
      { ...conv, name: "4.0", weight: "4.0.weight", kernel: [5, 5], padding: around(0) },
      { kind: "relu", name: "4.1" },
      { kind: "dropout", name: "4.2" },
      { kind: "avgpool", name: "5", kernel: [3, 3], stride: [2, 2], padding: around(0) },
      { kind: "flatten", name: "6" },
      { kind: "dense", name: "7", weight: "7.weight", bias: "7.bias" },
    ]);
  },
);

test("a state dict lists none", async () => {
  expect((await openCheckpoint(source("zip"))).graph).toBeUndefined();
});

test("a network of one such module opens, or says which of its layers cannot be run", async () => {
  await expect(openModel(source("module"), { preprocess: "unit" })).rejects.toThrow(/layer \d+ .*5/);
});
