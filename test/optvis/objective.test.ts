import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import { layerShapes } from "../../src/model/shapes.ts";
import { formatObjective, parseObjective, placeObjective } from "../../src/optvis/objective.ts";
import type { Objective, Term } from "../../src/optvis/term.ts";
import { describeRefusals, network, parse, refusal } from "../support/objectives.ts";

describeRefusals("an objective of penalties alone", [
  ["tv - l1", /"tv - l1" names no layer/, /^add for example channel:conv1_1:0$/],
]);

test("penalties beside a term of the network", () => {
  const terms = parse("channel:conv1_1:0 - l1 - 0.1*tv - blur:2[0] - 3*alpha[1]");
  expect(parse(formatObjective({ terms }, network))).toEqual(terms);
});

describe("images of a batch", () => {
  test("images outside the batch", () => {
    const objective = parseObjective("channel:conv1_1:0[2]", network);
    const shapes = layerShapes(network, [20, 30]);
    expect(() => placeObjective(objective, shapes, 3)).not.toThrow();
    expect(() => placeObjective(objective, shapes, 2)).toThrow(/no image 2 in the batch/);
  });
});

test("a spec of a million characters", () => {
  expect(refusal("channel:conv1_1:0 + ".repeat(50_000)).message).toMatch(/at most 131072 characters/);
});

test("any text is accepted or refused as an InputError, quickly", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.constantFrom(
      "channel:",
      "direction:",
      "caricature:",
      "^",
      "=",
      "..",
      "tv",
      "[0]",
      "neuron:",
      "class:",
      "conv1_1",
      ":",
      "0",
      " + ",
      " - ",
      '"',
      "*",
      "-1",
      "e5",
      " ",
      ":border=2",
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      try {
        parse(pieces.join(""));
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }),
    { numRuns: 1000 },
  );
});

describe("borders", () => {
  const shapes = layerShapes(network, [20, 30]);
  const place = (border: number) =>
    placeObjective(parseObjective(`layer:conv2_1:border=${border}`, network), shapes);

  test("leave a position at least", () => {
    // conv2_1 is 10×15 here.
    expect(() => place(4)).not.toThrow();
    expect(() => place(5)).toThrow(/conv2_1 is 10×15, all of it within a border of 5/);
  });
});

describe("positions", () => {
  const shapes = layerShapes(network, [20, 30]);
  const place = (spec: string): Objective => placeObjective(parseObjective(spec, network), shapes);

  test("the centre is ⌊H/2⌋, ⌊W/2⌋", () => {
    // conv2_1 is 10×15 here.
    expect(place("neuron:conv2_1:0").terms).toMatchObject([{ position: [5, 7] }]);
    expect(place("class:goldfish").terms).toMatchObject([{ position: [0, 0] }]);
    expect(place("channel:conv2_1:0 + neuron:conv1_1:2:19,29").terms).toEqual([
      { kind: "channel", weight: 1, layer: "conv2_1", channel: 0 },
      { kind: "neuron", weight: 1, layer: "conv1_1", channel: 2, position: [19, 29] },
    ]);
  });

  test.each(["neuron:conv2_1:0:10,0", "neuron:conv2_1:0:0,15", "neuron:conv2_1:0:999999999,0"])(
    "%s lies outside",
    (spec) => {
      expect(() => place(spec)).toThrow(InputError);
      try {
        place(spec);
      } catch (error) {
        expect((error as InputError).remedy).toBe("at this size rows are 0 to 9 and columns 0 to 14");
      }
    },
  );
});

test("what is formatted is parsed back", () => {
  const weight = fc.oneof(
    fc.constantFrom(1, -1, 0.5, 1e-7, 1e21),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((w) => !Object.is(w, -0)),
  );
  const position = fc.tuple(fc.nat({ max: 99 }), fc.nat({ max: 99 }));
  const term: fc.Arbitrary<Term> = fc.oneof(
    fc.record({
      kind: fc.constant("channel" as const),
      weight,
      layer: fc.constant("conv1_2"),
      channel: fc.nat({ max: 7 }),
    }),
    fc.record({ kind: fc.constant("layer" as const), weight, layer: fc.constant("relu2_1") }),
    fc.record({
      kind: fc.constant("neuron" as const),
      weight,
      layer: fc.constant("pool2"),
      channel: fc.nat({ max: 15 }),
      position,
    }),
    fc.record({
      kind: fc.constant("neuron" as const),
      weight,
      layer: fc.constant("pool2"),
      channel: fc.nat({ max: 15 }),
    }),
    fc.record({
      kind: fc.constant("neuron" as const),
      weight,
      layer: fc.constant("logits"),
      channel: fc.nat({ max: 9 }),
    }),
  );
  fc.assert(
    fc.property(fc.array(term, { minLength: 1, maxLength: 5 }), (terms) => {
      expect(parse(formatObjective({ terms }, network))).toEqual(terms);
    }),
    { numRuns: 500 },
  );
});
