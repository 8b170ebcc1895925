import { expect, test } from "vitest";
import { knownNetwork, knownNetworks, knownOptions } from "../../src/model/known-networks.ts";
import { hubAddress } from "../../src/model/model-source.ts";
import { featureShapes, torchvisionHead, vggConfiguration } from "./checkpoints.ts";

test("sizes are those of the architectures: four bytes a parameter", () => {
  for (const depth of [11, 13, 16, 19] as const) {
    for (const norm of [false, true]) {
      const shapes = torchvisionHead(featureShapes(vggConfiguration(depth), norm));
      const learned = [...shapes].filter(([name]) => !/running|batches/.test(name));
      const parameters = learned.reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1), 0);
      const name = `vgg${depth}${norm ? "_bn" : ""}`;
      expect(knownNetwork(name)?.megabytes).toBe(Math.round((4 * parameters) / 1e6));
      expect(knownNetwork(`timm-${name}`)?.address).toBe(`hf:timm/${name}.tv_in1k`);
    }
  }
});

test("names are unique, addresses are addresses, and tell the preprocessing", () => {
  expect(new Set(knownNetworks.map(({ name }) => name)).size).toBe(knownNetworks.length);
  for (const { address } of knownNetworks) {
    if (address.startsWith("hf:")) expect(hubAddress(address).repository).toBeTruthy();
    else expect(new URL(address).protocol).toBe("https:");
    expect(knownOptions(address).preprocess).toBe("imagenet");
  }
  expect(knownOptions("https://example.org/a")).toEqual({});
});
