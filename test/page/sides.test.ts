import { expect, it } from "vitest";
import type { Network } from "../../src/model/network.ts";
import { sizeFor } from "../../src/page/photo-methods.ts";
import { sideFor } from "../../src/page/sides.ts";
import { telltaleLayer } from "../../src/page/subject.ts";

/** Convolutions without padding, and a head that takes 64 to 67 pixels. Its layers are named by nobody's scheme. */
const COURSE = {
  name: "course",
  inputChannels: 3,
  classes: ["a", "b", "c"],
  layers: [
    { kind: "conv", name: "block.0", inputChannels: 3, outputChannels: 4, padding: 0 },
    { kind: "leaky", name: "block.1", slope: 0.1 },
    { kind: "conv", name: "block.2", inputChannels: 4, outputChannels: 4, padding: 0 },
    { kind: "leaky", name: "block.3", slope: 0.1 },
    { kind: "maxpool", name: "block.4" },
    { kind: "linear", name: "classifier", inputFeatures: 4 * 30 * 30, outputFeatures: 3 },
  ],
} as unknown as Network;

it("keeps the wanted side where the network takes it for the subject", () => {
  expect(sideFor(COURSE, { layer: "block.2" }, 48)).toBe(48);
  expect(sideFor(COURSE, { objective: "channel:block.2:0" }, 96)).toBe(96);
});

it("takes a usual side, else the smallest that fits", () => {
  expect(sideFor(COURSE, { objective: "class:1" }, 96)).toBe(64);
  const head = { kind: "linear", name: "classifier", inputFeatures: 4 * 33 * 33, outputFeatures: 3 };
  const odd = { ...COURSE, layers: [...COURSE.layers.slice(0, -1), head] } as Network;
  expect(sideFor(odd, { objective: "class:1" }, 96)).toBe(70);
  const none = {
    ...COURSE,
    layers: COURSE.layers.map((layer) => ({ ...layer, inputChannels: 7 })),
  } as Network;
  expect(sideFor(none, { layer: "nowhere" }, 96)).toBe(96);
});

it("works on photographs at the size that each method's subject takes", () => {
  const choice = { spec: "class:1", layer: "block.3" };
  expect(sizeFor("saliency", COURSE, choice)).toEqual([64, 64]);
  expect(sizeFor("invert", COURSE, choice)).toEqual([96, 96]);
  expect(sizeFor("classify", COURSE, choice)).toEqual([64, 64]);
});

it("looks at the last activation first, whatever it is called", () => {
  expect(telltaleLayer(COURSE)).toBe("block.3");
});
