import { expect, test } from "vitest";
import { isPreprocess, preprocessing, preprocessKinds } from "../../src/model/preprocess.ts";

/** What each convention's users write, pixel in, network channels out. */
const conventions = {
  unit: ([r, g, b]: readonly number[]) => [r, g, b],
  // torchvision: Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
  imagenet: ([r = 0, g = 0, b = 0]: readonly number[]) => [
    (r - 0.485) / 0.229,
    (g - 0.456) / 0.224,
    (b - 0.406) / 0.225,
  ],
  // Keras, mode "caffe": RGB to BGR, minus [103.939, 116.779, 123.68]
  caffe: ([r = 0, g = 0, b = 0]: readonly number[]) => [
    255 * b - 103.939,
    255 * g - 116.779,
    255 * r - 123.68,
  ],
};

test.each(preprocessKinds)("%s makes the network's input of a pixel", (kind) => {
  const { mean, scale, order } = preprocessing(kind);
  for (const pixel of [
    [0.1, 0.5, 0.9],
    [0, 0, 0],
    [1, 1, 1],
  ]) {
    const resident = pixel.map((value, channel) => value - (mean[channel] ?? NaN));
    const input = order.map((channel, c) => (scale[c] ?? NaN) * (resident[channel] ?? NaN));
    for (const [c, expected] of conventions[kind](pixel).entries()) {
      expect(input[c]).toBeCloseTo(expected ?? NaN, 10);
    }
  }
});

test("only the three words are kinds", () => {
  expect(preprocessKinds.every(isPreprocess)).toBe(true);
  expect(["", "Unit", "toString", "bgr"].some(isPreprocess)).toBe(false);
});
