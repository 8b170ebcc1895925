import { expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import {
  expectFitting,
  fittedPreprocess,
  isPreprocess,
  parsePreprocess,
  preprocessing,
  preprocessKinds,
} from "../../src/model/preprocess.ts";

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
    for (const [c, expected] of (conventions[kind] as (pixel: readonly number[]) => readonly number[])(
      pixel,
    ).entries()) {
      expect(input[c]).toBeCloseTo(expected ?? NaN, 10);
    }
  }
});

test.each([
  ["ImageNet", "imagenet"],
  ["mean=0,0,0;std=1,1,1", "unit"],
  ["mean=0,0,0;std=255,255,255", "unit"],
  ["range=-1..1", "mean=0.5,0.5,0.5;std=0.5,0.5,0.5"],
  ["range=0..0.25", "mean=0,0,0;std=4,4,4;pixels=1"],
  ["mean=3,3,3;std=4,4,4;pixels=1", "mean=3,3,3;std=4,4,4;pixels=1"],
  [
    "mean=1,1,1;std=2,2,2;pixels=255",
    "mean=0.003921569,0.003921569,0.003921569;std=0.007843137,0.007843137,0.007843137",
  ],
  ["range=0..255", "mean=0,0,0;std=0.003921569,0.003921569,0.003921569"],
  [
    "mean 0.4914 0.4822 0.4465, std 0.2470 0.2435 0.2616",
    "mean=0.4914,0.4822,0.4465;std=0.247,0.2435,0.2616",
  ],
  ["mean=[127.5, 127.5, 127.5];std=[127.5,127.5,127.5]", "mean=0.5,0.5,0.5;std=0.5,0.5,0.5"],
  ["mean=0.1,0.2,0.3;std=0.5,0.6,0.7;order=bgr", "mean=0.1,0.2,0.3;std=0.5,0.6,0.7;order=bgr"],
])("%s is %s", (text, canonical) => {
  expect(parsePreprocess(text)).toBe(canonical);
  expect(parsePreprocess(parsePreprocess(text))).toBe(canonical);
});

test("in BGR, mean and deviation are in the network's order", () => {
  const { mean, scale, order } = preprocessing("mean=0.1,0.2,0.3;std=0.5,0.25,0.125;order=bgr");
  expect({ mean, scale, order }).toEqual({ mean: [0.3, 0.2, 0.1], scale: [2, 4, 8], order: [2, 1, 0] });
});

test.each([
  "",
  "rgb",
  "mean=0.5,0.5;std=0.5,0.5",
  "mean=0,0,0;std=0,1,1",
  "mean=0,0,0;std=1e-60,1,1",
  "mean=0,0,0;std=-1,1,1",
  "range=1..1",
  "range=0..1;mean=0,0,0",
  "mean=0,0,0 minus something",
  "BGR 0-255 minus mean [103.939,116.779,123.68]",
])("%j is refused, and how to write it is said", (text) => {
  expect(() => parsePreprocess(text)).toThrow(InputError);
});

test.each([
  ["mean=0.5;std=0.25", "mean=0.5;std=0.25"],
  ["mean=0.5", "mean=0.5;std=1"],
  ["std=0.1307", "mean=0;std=0.1307"],
  ["mean=127.5;std=127.5", "mean=0.5;std=0.5"],
])("%s, with one number, is of grey: %s", (text, canonical) => {
  expect(parsePreprocess(text)).toBe(canonical);
  expect(preprocessing(parsePreprocess(text)).mean).toHaveLength(1);
});

test.each([
  ["unit", 1, "mean=0;std=1"],
  ["unit", 3, "unit"],
  ["mean=0.5,0.5,0.5;std=0.5,0.5,0.5", 1, "mean=0.5;std=0.5"],
  ["mean=0.5;std=0.25", 1, "mean=0.5;std=0.25"],
  ["mean=0.5,0.5,0.5;std=0.5,0.5,0.5;order=bgr", 1, "mean=0.5;std=0.5"],
  ["imagenet", 3, "imagenet"],
  ["caffe", 3, "caffe"],
] as const)("%s fits %d channels as %s", (kind, colours, fitted) => {
  expect(fittedPreprocess(kind, colours)).toBe(fitted);
  const { mean, scale, order } = preprocessing(fitted);
  expect([mean.length, scale.length, order.length]).toEqual([colours, colours, colours]);
});

test.each(["imagenet", "caffe", "mean=0.1,0.1,0.2;std=1,1,1"] as const)(
  "%s, whose numbers differ, does not fit grey",
  (kind) => {
    expect(fittedPreprocess(kind, 1)).toBeUndefined();
    expect(() => expectFitting(kind, 1)).toThrow(
      `preprocess ${kind} is of red, green and blue, and the network reads one channel, grey`,
    );
  },
);

test("one number does not fit RGB, where it may be the first of three", () => {
  expect(fittedPreprocess("mean=0.485;std=0.229", 3)).toBeUndefined();
  expect(() => expectFitting("mean=0.485;std=0.229", 3)).toThrow(/is of one channel, grey/);
});

test("a text as long as a file is soon refused", () => {
  expect(() => parsePreprocess(`mean=${"1 ".repeat(1e6)}`)).toThrow(InputError);
});

test("only the three words are kinds", () => {
  expect(preprocessKinds.every(isPreprocess)).toBe(true);
  expect(["", "Unit", "toString", "bgr"].some(isPreprocess)).toBe(false);
});
