import { describe, expect, it } from "vitest";
import { InputError } from "../../../src/errors.ts";
import { coordinates, cppn, cppnLayers, cppnLength, features } from "../../../src/optvis/params/cppn.ts";
import { askedMemory } from "../../support/memory.ts";

const layers = cppnLayers(3);
const images = { batch: 2, size: [3, 5], mean: [0, 0, 0] } as const;

describe("the network", () => {
  it("is eight hidden layers of 24 and RGB, weights and biases one after the other", () => {
    expect(layers.map(({ inputs, outputs }) => [inputs, outputs])).toEqual([
      [2, 24],
      ...Array(7).fill([24, 24]),
      [24, 3],
    ]);
    // The composite activation makes two features of each activation; the first layer reads coordinates.
    expect(cppnLength(3)).toBe(24 * (2 + 1) + 7 * 24 * (48 + 1) + 3 * (48 + 1));
    const ends = layers.map((layer) => layer.first + layer.outputs * (features(layer) + 1));
    expect(layers.map(({ first }) => first)).toEqual([0, ...ends.slice(0, -1)]);
  });

  it("starts with a last layer of zeros, or of noise", () => {
    const last = layers.at(-1)!;
    const [zeros, noise] = [cppn.zeros!(() => 1, [4, 4], 3), cppn.noise(() => 1, [4, 4], 3)];
    expect(zeros.slice(last.first).every((value) => value === 0)).toBe(true);
    expect(noise[last.first]).toBeCloseTo(Math.sqrt(2 / 48), 7);
    expect(zeros.slice(0, last.first)).toEqual(noise.slice(0, last.first));
    // He et al.: √(2/features); biases are zero.
    expect(noise[0]).toBeCloseTo(1, 7);
    expect(noise[24 * 2]).toBe(0);
  });
});

it("reads coordinates from −√3 to √3 along the longer side", () => {
  const [height, width] = images.size;
  const grid = coordinates(images.size);
  const columns = grid.slice(height * width, height * width + width);
  expect([...columns]).toEqual([-2, -1, 0, 1, 2].map((i) => expect.closeTo((Math.sqrt(3) * i) / 2, 12)));
  expect(grid[0]).toBeCloseTo(-Math.sqrt(3) / 2, 12);
  expect([...coordinates([1, 1])]).toEqual([0, 0]);
});

it("is drawn at any size over two buffers, where nothing is kept", () => {
  const memory = askedMemory();
  const passes = cppn.draw!(images, { values: "weights", image: "u" }, memory);
  expect(passes).toHaveLength(layers.length + 1);
  expect([...memory.buffers.keys()].sort()).toEqual(["cppn.1", "cppn.2"]);
});

it("cannot start from a photograph", () => {
  expect(() => cppn.fromPicture(new Float32Array(45), images)).toThrow(InputError);
});
