import { expect, test } from "vitest";
import type { Layer } from "../../src/model/network.ts";
import { networkName } from "../../src/model/network-name.ts";

/** Blocks of convolutions of these widths, and a last layer where there is a head. */
function layersOf(blocks: readonly (readonly number[])[], head: boolean): Layer[] {
  const convs = blocks.flatMap((widths, block) =>
    widths.map(
      (outputChannels, i): Layer => ({
        kind: "conv",
        name: `conv${block + 1}_${i + 1}`,
        inputChannels: 3,
        outputChannels,
        padding: 1,
      }),
    ),
  );
  const logits: Layer = { kind: "linear", name: "logits", inputFeatures: 512, outputFeatures: 10 };
  return head ? [...convs, logits] : convs;
}

const VGG16 = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
];

test("a whole network goes by its name, with batch norm if it has that", () => {
  expect(networkName(layersOf(VGG16, true), false)).toBe("VGG-16");
  expect(networkName(layersOf(VGG16, true), true)).toBe("VGG-16 with batch norm");
});

test("of a part the last layer with weights is said, and every network that it may be of", () => {
  expect(networkName(layersOf(VGG16, false), false)).toBe("VGG-16 to conv5_3");
  expect(networkName(layersOf(VGG16.slice(0, 3), false), false)).toBe("VGG-16 or VGG-19 to conv3_3");
  expect(networkName(layersOf([[64, 64], [128]], false), true)).toBe(
    "VGG-13 or VGG-16 or VGG-19 with batch norm to conv2_1",
  );
});

test.each([
  ["other widths", [[32, 32], [64]], false, "VGG-style, 3 convolutions"],
  ["a head after too few blocks", VGG16.slice(0, 2), true, "VGG-style, 4 convolutions"],
  ["more convolutions in a block than any", [[64, 64, 64]], false, "VGG-style, 3 convolutions"],
  ["one convolution", [[16]], false, "VGG-style, 1 convolution"],
] as const)("%s: the style and how many convolutions", (_, blocks, head, name) => {
  expect(networkName(layersOf(blocks, head), false)).toBe(name);
});
