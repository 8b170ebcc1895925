import { expect, test } from "vitest";
import { WeightsError } from "../../src/errors.ts";
import { mismatch, NamedShapes, requireTensor, requireVector } from "../../src/model/layer-tensors.ts";

const shapes = new Map<string, readonly number[]>([
  ["features.0.weight", [4, 3, 3, 3]],
  ["features.0.bias", [4]],
]);
const tensors = new NamedShapes({ shapes, original: (name) => name });

test("a tensor that is asked for is used", () => {
  const used = new Set<string>();
  expect(requireTensor(tensors, "conv1_1", "features.0.weight", used)).toEqual([4, 3, 3, 3]);
  requireVector(tensors, "conv1_1", "features.0.bias", 4, used);
  expect([...used]).toEqual(["features.0.weight", "features.0.bias"]);
});

test.each([
  ["features.1.bias", 4, "conv1_1: tensor features.1.bias is missing"],
  ["features.0.bias", 5, "conv1_1 (features.0.bias): weights expect (5), got (4)"],
  ["features.0.weight", 4, "conv1_1 (features.0.weight): weights expect (4), got (4,3,3,3)"],
])("%s as a vector of %i: %s", (name, length, message) => {
  const vector = () => requireVector(tensors, "conv1_1", name, length, new Set());
  expect(vector).toThrow(WeightsError);
  expect(vector).toThrow(message);
});

test("a complaint has a remedy, its own or what checkpoints are expected", () => {
  expect(mismatch("fc6", "classifier.0.weight", "(8,4)", [4, 8], "transpose it").remedy).toBe("transpose it");
  expect(mismatch("fc6", "classifier.0.weight", "(8,4)", [4, 8]).remedy).toMatch(
    /networks that open are one chain of convolutions/,
  );
});
