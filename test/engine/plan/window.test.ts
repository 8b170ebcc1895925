import { expect, test } from "vitest";
import { receptiveWindow, wholeWindow, windowOf } from "../../../src/engine/plan/window.ts";
import { inferNetwork } from "../../../src/model/architecture.ts";
import { layerShapes } from "../../../src/model/shapes.ts";
import { parseObjective, placeObjective } from "../../../src/optvis/objective.ts";
import { featureShapes, withLinear } from "../../model/checkpoints.ts";

const { network } = inferNetwork(withLinear(featureShapes([4, 6, "M", 8]), "classifier", [5, 8]), {});
const SIZE = [40, 50] as const;

test.each([
  ["conv1_1", [5, 7], { y: 4, x: 6, height: 3, width: 3 }],
  ["conv1_2", [5, 7], { y: 3, x: 5, height: 5, width: 5 }],
  ["relu1_2", [5, 7], { y: 3, x: 5, height: 5, width: 5 }],
  ["pool1", [5, 7], { y: 8, x: 12, height: 6, width: 6 }],
  ["conv2_1", [5, 7], { y: 6, x: 10, height: 10, width: 10 }],
  // What lies outside of the image is left out.
  ["conv1_2", [0, 0], { y: 0, x: 0, height: 3, width: 3 }],
  ["conv1_2", [39, 48], { y: 37, x: 46, height: 3, width: 4 }],
] as const)("a unit of %s at %j sees %j", (layer, position, window) => {
  expect(receptiveWindow(network, SIZE, layer, position)).toEqual(window);
});

test("a class and what a global pool leaves see the whole image", () => {
  for (const layer of ["avgpool", "logits"]) {
    expect(receptiveWindow(network, SIZE, layer, [0, 0])).toEqual(wholeWindow(SIZE));
  }
});

function planned(objective: string) {
  const { terms } = parseObjective(objective, network);
  const upTo = network.layers.findLast(({ name }) => terms.some(({ layer }) => layer === name))?.name ?? "";
  const shapes = layerShapes(network, SIZE, { upTo });
  return windowOf(network, shapes, SIZE, placeObjective({ terms }, shapes, 1).terms);
}

test("single units are planned in a window that pools see as they see the image, with places counted in it", () => {
  const { window, terms } = planned("neuron:conv2_1:3:5,7");
  expect(window).toEqual({ y: 6, x: 10, height: 10, width: 10 });
  expect(terms).toMatchObject([{ position: [2, 2] }]);
  // An odd beginning is moved to the pool's window.
  const two = planned("neuron:conv2_1:3:5,7 + neuron:conv1_1:0:4,30");
  expect(two.window).toEqual({ y: 2, x: 10, height: 14, width: 22 });
  expect(two.terms).toMatchObject([{ position: [4, 2] }, { position: [2, 20] }]);
});

test("an objective with any other term is planned whole", () => {
  for (const objective of ["channel:conv2_1:3", "neuron:conv2_1:3:5,7 + layer:conv1_1", "class:2"]) {
    expect(planned(objective).window).toEqual(wholeWindow(SIZE));
  }
});
