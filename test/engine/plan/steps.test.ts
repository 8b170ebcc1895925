/** Which layers an objective needs, what their kernels compute with them, and which channels. */
import { expect, test } from "vitest";
import { Allocation } from "../../../src/engine/plan/memory.ts";
import { planSteps, type StepOptions } from "../../../src/engine/plan/steps.ts";
import { inferNetwork } from "../../../src/model/architecture.ts";
import { layerShapes } from "../../../src/model/shapes.ts";
import { parseObjective } from "../../../src/optvis/objective.ts";
import { featureShapes, withLinear } from "../../model/checkpoints.ts";

const { network } = inferNetwork(withLinear(featureShapes([4, 6, "M", 8]), "classifier", [5, 8]), {});

function steps(objective: string, options: Partial<StepOptions> = {}) {
  const { terms } = parseObjective(objective, network);
  const upTo = network.layers.findLast(({ name }) => terms.some(({ layer }) => layer === name))?.name ?? "";
  return planSteps(
    network,
    layerShapes(network, [16, 16], { upTo }),
    { channels: 3, height: 16, width: 16 },
    2,
    terms,
    { convVariant: () => "winograd4_8x8", bindingLimit: 2 ** 20, wholeLayers: false, ...options },
    new Allocation(),
  );
}

/** Layers that one kernel computes, joined by `+`. */
function kernels(objective: string, options: Partial<StepOptions> = {}): string {
  const groups: string[] = [];
  let left = 0;
  for (const { layer, fuses } of steps(objective, options)) {
    if (left > 0) groups.push(`${groups.pop()}+${layer.name}`);
    else groups.push(layer.name);
    left = left > 0 ? left - 1 : fuses;
  }
  return groups.join(" ");
}

test("a convolution computes the ReLU and the pool after it, up to the first layer that is read", () => {
  expect(kernels("channel:conv2_1:3")).toBe("conv1_1+relu1_1 conv1_2+relu1_2+pool1 conv2_1");
  expect(kernels("channel:conv2_1:3 + channel:relu1_2:0")).toBe(
    "conv1_1+relu1_1 conv1_2+relu1_2 pool1 conv2_1",
  );
  expect(kernels("channel:conv2_1:3 + channel:conv1_2:0")).toBe(
    "conv1_1+relu1_1 conv1_2 relu1_2+pool1 conv2_1",
  );
  expect(kernels("channel:conv2_1:3", { keep: "conv1_1" })).toBe(
    "conv1_1 relu1_1 conv1_2+relu1_2+pool1 conv2_1",
  );
  expect(kernels("channel:conv2_1:3", { cam: "relu1_1" })).toBe(
    "conv1_1+relu1_1 conv1_2+relu1_2+pool1 conv2_1",
  );
  expect(kernels("channel:conv2_1:3", { convVariant: () => "single" })).toBe(
    "conv1_1+relu1_1 conv1_2+relu1_2 pool1 conv2_1",
  );
});

test("from the last layer that mixes channels on, only those that are read are computed", () => {
  const rows = (objective: string, options: Partial<StepOptions> = {}) =>
    steps(objective, options).map(({ rows, output }) => [rows, output.channels]);
  expect(rows("channel:relu2_1:3 + channel:conv2_1:1").slice(-2)).toEqual([
    [[1, 3], 2],
    [[1, 3], 2],
  ]);
  expect(rows("class:2").slice(-2)).toEqual([
    [undefined, 8],
    [[2], 1],
  ]);
  expect(rows("channel:pool1:2").slice(-3)).toEqual([
    [[2], 1],
    [[2], 1],
    [[2], 1],
  ]);
  for (const whole of [rows("layer:conv2_1"), rows("channel:conv2_1:3", { wholeLayers: true })]) {
    expect(whole.at(-1)).toEqual([undefined, 8]);
  }
});

test("terms count channels among those that are computed, and keep what is needed on the way back", () => {
  const [relu, conv] = steps("channel:relu2_1:3 + channel:conv2_1:1 + layer:relu1_1").toReversed();
  expect(relu?.terms).toMatchObject([{ index: 0, term: { channel: 1 } }]);
  expect(conv?.terms).toMatchObject([{ index: 1, term: { channel: 0 } }]);
  const kept = steps("channel:conv2_1:3 + layer:relu1_1").filter((step) => step.kept);
  expect(kept.map(({ layer }) => layer.name)).toEqual(["relu1_1"]);
});
