import { describe, expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import { inferNetwork } from "../../src/model/architecture.ts";
import type { Network } from "../../src/model/network.ts";
import { layerChannels, layerShapes, receptiveField } from "../../src/model/shapes.ts";
import { featureShapes, type Shapes, torchvisionHead, vggConfiguration, withLinear } from "./checkpoints.ts";

const network = (shapes: Shapes): Network => inferNetwork(shapes, {}).network;
const vgg16 = network(torchvisionHead(featureShapes(vggConfiguration(16))));
/** cnn-explainer's Tiny VGG: 64×64 pixels become 13×13 without padding. */
const tiny = network(withLinear(featureShapes([10, 10, "M", 10, 10, "M"]), "classifier.0", [10, 1690]));

const shapeOf = (net: Network, layer: string, size: [number, number]): unknown =>
  layerShapes(net, size).get(layer);
function remedyFor(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).remedy ?? "";
  }
  throw new Error("nothing was refused");
}

describe("shapes", () => {
  test("VGG-16 at 224×224, as in the paper", () => {
    const shapes = layerShapes(vgg16, [224, 224]);
    expect(shapes.size).toBe(vgg16.layers.length);
    expect(shapes.get("relu1_2")).toEqual({ channels: 64, height: 224, width: 224 });
    expect(shapes.get("conv4_3")).toEqual({ channels: 512, height: 28, width: 28 });
    expect(shapes.get("pool5")).toEqual({ channels: 512, height: 7, width: 7 });
    expect(shapes.get("fc6")).toEqual({ channels: 4096, height: 1, width: 1 });
    expect(shapes.get("logits")).toEqual({ channels: 1000, height: 1, width: 1 });
  });

  test("odd and non-square sizes floor in pools; adaptive pooling takes them all", () => {
    expect(shapeOf(vgg16, "pool1", [65, 99])).toEqual({ channels: 64, height: 32, width: 49 });
    expect(shapeOf(vgg16, "pool5", [65, 99])).toEqual({ channels: 512, height: 2, width: 3 });
    expect(shapeOf(vgg16, "avgpool", [65, 99])).toEqual({ channels: 512, height: 7, width: 7 });
  });

  test("without padding a convolution takes two pixels", () => {
    expect(shapeOf(tiny, "pool2", [64, 64])).toEqual({ channels: 10, height: 13, width: 13 });
    expect(shapeOf(tiny, "conv1_1", [65, 67])).toEqual({ channels: 10, height: 63, width: 65 });
    expect(shapeOf(tiny, "logits", [65, 67])).toEqual({ channels: 10, height: 1, width: 1 });
  });

  test("the smallest size that passes is the one the message names", () => {
    expect(remedyFor(() => layerShapes(vgg16, [31, 64]))).toBe("each side must be at least 32");
    expect(shapeOf(vgg16, "pool5", [32, 32])).toEqual({ channels: 512, height: 1, width: 1 });
  });

  test("a head that flattens takes the sizes it was trained for, and says which", () => {
    for (const side of [63, 68]) {
      expect(remedyFor(() => layerShapes(tiny, [side, side]))).toBe("each side must be 64 to 67");
    }
    for (const side of [64, 65, 66, 67]) expect(layerShapes(tiny, [side, side]).has("logits")).toBe(true);
  });

  test("what lies behind the asked layer need not fit", () => {
    expect(layerShapes(tiny, [20, 20], { upTo: "conv2_2" }).get("conv2_2")).toEqual({
      channels: 10,
      height: 4,
      width: 4,
    });
    expect(remedyFor(() => layerShapes(tiny, [13, 20], { upTo: "pool2" }))).toBe(
      "each side must be at least 16",
    );
  });

  test("sizes that are no sizes", () => {
    for (const side of [0, -1, 1.5, NaN, Infinity]) {
      expect(() => layerShapes(vgg16, [side, 64])).toThrow(InputError);
    }
  });
});

describe("receptive fields", () => {
  // Published for VGG-16 by Araujo, Norris & Sim, "Computing receptive fields", Distill 2019: 212 after pool5.
  test.each([
    ["conv1_1", 3, 1],
    ["relu1_2", 5, 1],
    ["pool1", 6, 2],
    ["conv2_1", 10, 2],
    ["conv3_3", 40, 4],
    ["conv5_3", 196, 16],
    ["pool5", 212, 32],
    ["logits", Infinity, 32],
  ])("%s of VGG-16", (layer, size, stride) => {
    expect(receptiveField(vgg16, layer)).toEqual({ size, stride });
  });
});

test("an unknown layer is answered with the layers there are", () => {
  expect(remedyFor(() => receptiveField(tiny, "conv3_1"))).toBe(
    "layers: conv1_1 relu1_1 conv1_2 relu1_2 pool1 conv2_1 relu2_1 conv2_2 relu2_2 pool2 logits",
  );
});

test("channels of a layer are those of the convolution or linear layer before it", () => {
  const channels = ["conv1_1", "pool2", "relu4_2", "avgpool", "relu6", "logits"].map((name) =>
    layerChannels(vgg16, name),
  );
  expect(channels).toEqual([64, 128, 512, 512, 4096, 1000]);
});
