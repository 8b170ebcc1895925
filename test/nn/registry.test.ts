/** What the kinds of layers say of themselves, held to each other: shapes, spans, channels, what is fused with what. */
import { describe, expect, test } from "vitest";
import { type ChooseVariant, convVariantNames, variantOf } from "../../src/nn/conv3x3.ts";
import type { PlannedLayer, Shape } from "../../src/nn/layer.ts";
import { hasWeights, isDense, type Layer, layerKind } from "../../src/nn/registry.ts";

const conv: Layer = { kind: "conv", name: "conv1_1", inputChannels: 3, outputChannels: 5, padding: 1 };
const unpadded: Layer = { ...conv, padding: 0 };
const relu: Layer = { kind: "relu", name: "relu1_1" };
const maxpool: Layer = { kind: "maxpool", name: "pool1" };
const avgpool: Layer = { kind: "avgpool", name: "avgpool", outputSize: 2 };
const linear: Layer = { kind: "linear", name: "fc6", inputFeatures: 3 * 7 * 6, outputFeatures: 4 };
const sides = { name: "conv1_1", inputChannels: 3, outputChannels: 5 } as const;
const wide: Layer = { kind: "plainconv", ...sides, side: 5, padding: 2 };
const single: Layer = { kind: "plainconv", ...sides, side: 1, padding: 0 };
const overlapping: Layer = { kind: "plainconv", ...sides, side: 7, padding: 6 };
const leaky: Layer = { kind: "leaky", name: "relu1_1", slope: 0.1 };
const tanh: Layer = { kind: "tanh", name: "tanh1_1" };
const sigmoid: Layer = { kind: "sigmoid", name: "sigmoid1_1" };
const affine: Layer = { kind: "affine", name: "norm1_1", channels: 3 };
const halves: Layer = { kind: "avgpool2x2", name: "pool1" };
const layers: Readonly<Record<string, Layer>> = {
  ...{ conv, unpadded, relu, maxpool, avgpool, linear },
  ...{ wide, single, overlapping, leaky, tanh, sigmoid, affine, halves },
};

const input: Shape = { channels: 3, height: 7, width: 6 };

test.each([
  ["conv", { channels: 5, height: 7, width: 6 }],
  ["unpadded", { channels: 5, height: 5, width: 4 }],
  ["relu", input],
  ["maxpool", { channels: 3, height: 3, width: 3 }],
  ["avgpool", { channels: 3, height: 2, width: 2 }],
  ["linear", { channels: 4, height: 1, width: 1 }],
  ["wide", { channels: 5, height: 7, width: 6 }],
  ["single", { channels: 5, height: 7, width: 6 }],
  ["overlapping", { channels: 5, height: 13, width: 12 }],
  ["leaky", input],
  ["tanh", input],
  ["sigmoid", input],
  ["affine", input],
  ["halves", { channels: 3, height: 3, width: 3 }],
])("%s of 3×7×6 is %j", (name, output) => {
  const layer = layers[name] as Layer;
  expect(layerKind(layer).outputShape(layer, input)).toEqual(output);
  expect(layerKind(layer).outputChannels(layer, input.channels)).toBe(output.channels);
});

test.each([
  ["unpadded", { channels: 3, height: 2, width: 6 }, "has nothing left of 3×2×6"],
  ["maxpool", { channels: 3, height: 7, width: 1 }, "has nothing left of 3×7×1"],
  ["linear", { channels: 3, height: 7, width: 7 }, "takes 126 numbers, got 3×7×7"],
  ["halves", { channels: 3, height: 7, width: 1 }, "has nothing left of 3×7×1"],
  ["wide", { channels: 4, height: 7, width: 7 }, "takes 3 channels, got 4"],
  ["affine", { channels: 4, height: 7, width: 7 }, "takes 3 channels, got 4"],
])("%s does not take %j: it %s", (name, size, problem) => {
  const layer = layers[name] as Layer;
  expect(layerKind(layer).outputShape(layer, size)).toBe(problem);
});

test("the span of all outputs is all inputs that are used, and more only in the border", () => {
  const spanOf = (layer: Layer, end: number) => layerKind(layer).inputSpan(layer, [0, end]);
  expect(spanOf(conv, 7)).toEqual([-1, 8]);
  expect(spanOf(unpadded, 5)).toEqual([0, 7]);
  expect(spanOf(relu, 7)).toEqual([0, 7]);
  // An odd last row is in no window.
  expect(spanOf(maxpool, 3)).toEqual([0, 6]);
  expect(spanOf(halves, 3)).toEqual([0, 6]);
  expect(spanOf(wide, 7)).toEqual([-2, 9]);
  expect(spanOf(single, 7)).toEqual([0, 7]);
  expect(spanOf(overlapping, 13)).toEqual([-6, 13]);
  for (const layer of [leaky, tanh, sigmoid, affine]) expect(spanOf(layer, 7)).toEqual([0, 7]);
  for (const layer of [avgpool, linear]) expect(spanOf(layer, 1)).toBeUndefined();
});

test("weights are counted with their biases", () => {
  const count = (layer: Layer) => layerKind(layer).parameterCount(layer);
  expect(count(conv)).toBe(5 * (3 * 3 * 3) + 5);
  expect(count(linear)).toBe(4 * 126 + 4);
  expect(count(wide)).toBe(5 * (3 * 5 * 5) + 5);
  expect(count(affine)).toBe(2 * 3);
  for (const layer of Object.values(layers)) expect(count(layer) > 0).toBe(hasWeights(layer));
  expect(Object.values(layers).filter(isDense)).toEqual([linear]);
});

test("kinds that read single units keep the shape, since their backward pass is in place", () => {
  for (const layer of Object.values(layers)) {
    const kind = layerKind(layer);
    if (kind.reads === "unit") expect(kind.outputShape(layer, input)).toEqual(input);
    if (kind.reads !== "channels") expect(kind.outputChannels(layer, 3)).toBe(3);
  }
});

function planned(layer: Layer, convVariant: ChooseVariant): PlannedLayer<Layer> {
  const output = layerKind(layer).outputShape(layer, input) as Shape;
  const memory = {
    buffer: (name: string) => name,
    temporary: () => undefined,
    upload: () => undefined,
    prepare: () => undefined,
  };
  const bits = () => `${layer.name}.bits`;
  return { layer, batch: 2, input, output, rows: undefined, memory, convVariant, bindingLimit: 256, bits };
}

describe.each(convVariantNames)("with %s", (name) => {
  const { fusesRelu, fusesPool } = variantOf(name);
  const fuses = (layer: Layer, ...next: Layer[]) =>
    layerKind(layer).fuses(
      planned(layer, () => name),
      next,
    );

  test("a convolution computes the ReLU and the max-pool after it as its variant can", () => {
    expect(fuses(conv, relu)).toBe(fusesRelu ? 1 : 0);
    expect(fuses(conv, relu, conv)).toBe(fusesRelu ? 1 : 0);
    expect(fuses(conv, relu, maxpool, conv)).toBe(fusesPool ? 2 : fusesRelu ? 1 : 0);
    for (const next of [[], [maxpool], [conv, relu]]) expect(fuses(conv, ...next)).toBe(0);
  });

  test("a convolution masks its gradient by the ReLU before it, by that ReLU's plain rule", () => {
    const masks = (before: Layer, rule: "plain" | "redirect" | "guided") =>
      layerKind(conv).fusesBackward(
        planned(conv, () => name),
        before,
        rule,
      );
    expect(masks(relu, "plain")).toBe(fusesRelu);
    for (const rule of ["redirect", "guided"] as const) expect(masks(relu, rule)).toBe(false);
    for (const before of [conv, maxpool, linear, leaky, tanh, affine])
      expect(masks(before, "plain")).toBe(false);
  });
});

test("a ReLU computes the max-pool after it, and a max-pool masks its gradient unless that is redirected", () => {
  const at = (layer: Layer) => planned(layer, () => "single");
  expect(layerKind(relu).fuses(at(relu), [maxpool, conv])).toBe(1);
  for (const next of [[], [conv], [avgpool], [linear], [halves]])
    expect(layerKind(relu).fuses(at(relu), next)).toBe(0);
  const masks = (rule: "plain" | "redirect" | "guided") =>
    layerKind(maxpool).fusesBackward(at(maxpool), relu, rule);
  expect([masks("plain"), masks("guided"), masks("redirect")]).toEqual([true, true, false]);
  for (const before of [conv, leaky]) {
    expect(layerKind(maxpool).fusesBackward(at(maxpool), before, "plain")).toBe(false);
  }
  expect(layerKind(leaky).fuses(at(leaky), [maxpool])).toBe(0);
});

test("behind a leaky ReLU guided cuts off what is negative, and redirect changes nothing; smooth curves know no rule", () => {
  const kernels = (layer: Layer, rule: "plain" | "redirect" | "guided") => {
    const buffers = { outputGradient: "g", inputGradient: "g", mask: undefined };
    const flags = () => {
      throw new Error("no flag is needed");
    };
    const at = planned(layer, () => "single");
    return layerKind(layer)
      .backward(at, buffers, { rule, flags })
      .map(({ kernel }) => kernel.name);
  };
  expect(kernels(leaky, "plain")).toEqual(["leaky_backward"]);
  expect(kernels(leaky, "redirect")).toEqual(["leaky_backward"]);
  expect(kernels(leaky, "guided")).toEqual(["leaky_backward_guided"]);
  for (const layer of [tanh, sigmoid]) {
    for (const rule of ["plain", "redirect", "guided"] as const) {
      expect(kernels(layer, rule)).toEqual(["smooth_backward"]);
    }
  }
});

test("the weight of a linear layer is cut into slices that can be bound, which follow each other", () => {
  const uploads: { readonly buffer: string; readonly rows?: readonly number[] | undefined }[] = [];
  const at = planned(linear, () => "single");
  const memory = { ...at.memory, upload: (upload: (typeof uploads)[number]) => void uploads.push(upload) };
  // A row is 4 · 126 bytes.
  const limited = { ...at, memory, bindingLimit: 4 * 126 * 3 };
  const dispatches = layerKind(linear).forward(limited, { input: "x", output: "y" }, []);
  expect(dispatches.map(({ label }) => label)).toEqual(["fc6 forward", "fc6 forward"]);
  const rows = uploads.filter(({ buffer }) => buffer.includes("weight")).map((upload) => upload.rows);
  expect(rows).toEqual([[0, 1, 2], [3]]);
});
