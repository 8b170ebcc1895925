import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import { inferNetwork } from "../../src/model/architecture.ts";
import type { Network } from "../../src/model/network.ts";
import { layerShapes } from "../../src/model/shapes.ts";
import { reweighed } from "../../src/optvis/algebra.ts";
import { formatObjective, parseObjective, placeObjective } from "../../src/optvis/objective.ts";
import type { Objective, Term } from "../../src/optvis/term.ts";
import { featureShapes, withLinear } from "../model/checkpoints.ts";

const CLASSES = [
  "goldfish",
  "European fire salamander",
  "rock 'n' roll",
  "salt + pepper",
  "7",
  "Cardigan",
  "cardigan",
  'say "hi"',
  "twin",
  "twin",
];
const features = featureShapes([4, 8, "M", 16, "M"]);
const network: Network = inferNetwork(withLinear(features, "classifier", [CLASSES.length, 16]), {
  classes: JSON.stringify(CLASSES),
}).network;
const headless: Network = inferNetwork(features, {}).network;

const parse = (spec: string): readonly Term[] => parseObjective(spec, network).terms;
function refusal(spec: string, net = network): InputError {
  try {
    parseObjective(spec, net);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return error as InputError;
  }
  throw new Error(`${spec} was accepted`);
}

describe("scores", () => {
  const logit = (channel: number): Term => ({ kind: "neuron", weight: 1, layer: "logits", channel });
  test.each<[string, Term]>([
    ["channel:conv1_2:7", { kind: "channel", weight: 1, layer: "conv1_2", channel: 7 }],
    ["channel:pool1:0", { kind: "channel", weight: 1, layer: "pool1", channel: 0 }],
    ["channel:logits:9", { kind: "channel", weight: 1, layer: "logits", channel: 9 }],
    ["neuron:relu2_1:15", { kind: "neuron", weight: 1, layer: "relu2_1", channel: 15 }],
    ["neuron:conv2_1:3:2,10", { kind: "neuron", weight: 1, layer: "conv2_1", channel: 3, position: [2, 10] }],
    ["layer:conv2_1", { kind: "layer", weight: 1, layer: "conv2_1" }],
    ["class:3", logit(3)],
    ["class:goldfish", logit(0)],
    ["class:GoldFish", logit(0)],
    ["class:European fire salamander", logit(1)],
    ['class:"european fire salamander"', logit(1)],
    ["class:rock 'n' roll", logit(2)],
    ['class:"salt + pepper"', logit(3)],
    ['class:"7"', logit(4)],
    ["class:7", logit(7)],
    ["class:cardigan", logit(6)],
    ["class:Cardigan", logit(5)],
    ["  channel:conv1_1:0  ", { kind: "channel", weight: 1, layer: "conv1_1", channel: 0 }],
  ])("%s", (spec, term) => {
    expect(parse(spec)).toEqual([term]);
  });
});

describe("other objectives", () => {
  const on = { weight: 1, layer: "conv1_2" } as const;
  test.each<[string, Term]>([
    ["channel:conv1_2:7,0,7", { ...on, kind: "channels", channels: [7, 0, 7] }],
    ["channel:conv1_2:2..4,0", { ...on, kind: "channels", channels: [2, 3, 4, 0] }],
    ["channel:conv1_2:5[1]", { ...on, kind: "channel", channel: 5, images: [1] }],
    ["layer:conv1_2[0,2]", { ...on, kind: "layer", images: [0, 2] }],
    [
      "direction:conv1_2:1=2,7=-.5",
      {
        ...on,
        kind: "direction",
        direction: [
          [1, 2],
          [7, -0.5],
        ],
        power: 0,
      },
    ],
    [
      "direction:conv1_2:1=2:3,4^1.5",
      { ...on, kind: "direction", direction: [[1, 2]], power: 1.5, position: [3, 4] },
    ],
    ["interpolate:conv1_2:1,6", { ...on, kind: "interpolate", from: 1, to: 6 }],
    ["caricature:conv1_2", { ...on, kind: "caricature", power: 0 }],
    ["caricature:conv1_2^2", { ...on, kind: "caricature", power: 2 }],
    ["invert:conv1_2", { ...on, kind: "invert" }],
    ["style:conv1_2", { ...on, kind: "style" }],
    ["align:conv1_2", { ...on, kind: "align", decay: 2 }],
    ["align:conv1_2:3", { ...on, kind: "align", decay: 3 }],
    ["diversity:conv1_2", { ...on, kind: "diversity" }],
    ["channel:conv1_2:5:border=2", { ...on, kind: "channel", channel: 5, border: 2 }],
    [
      "channel:conv1_2:5..6:border=0[1]",
      { ...on, kind: "channels", channels: [5, 6], border: 0, images: [1] },
    ],
    ["layer:conv1_2:border=12", { ...on, kind: "layer", border: 12 }],
    [
      "direction:conv1_2:1=2^2:border=1",
      { ...on, kind: "direction", direction: [[1, 2]], power: 2, border: 1 },
    ],
    ["interpolate:conv1_2:1,6:border=3", { ...on, kind: "interpolate", from: 1, to: 6, border: 3 }],
    ["caricature:conv1_2^1:border=2", { ...on, kind: "caricature", power: 1, border: 2 }],
    ["invert:conv1_2:border=2[0]", { ...on, kind: "invert", border: 2, images: [0] }],
  ])("%s", (spec, term) => {
    expect(parse(spec)).toEqual([term]);
    expect(parse(formatObjective({ terms: [term] }, network))).toEqual([term]);
  });

  test("penalties", () => {
    const terms = parse(
      "channel:conv1_1:0 - l1 - 2*l1:0 - l2:-.5 - 0.1*tv - blur - blur:2[0] - 3*alpha[1]",
    ).slice(1);
    expect(terms).toEqual([
      { kind: "l1", weight: -1, layer: "image", amount: 0.5 },
      { kind: "l1", weight: -2, layer: "image", amount: 0 },
      { kind: "l2", weight: -1, layer: "image", amount: -0.5 },
      { kind: "tv", weight: -0.1, layer: "image", amount: 0 },
      { kind: "blur", weight: -1, layer: "image", amount: 1 },
      { kind: "blur", weight: -1, layer: "image", amount: 2, images: [0] },
      { kind: "alpha", weight: -3, layer: "image", images: [1] },
    ]);
    const all = [{ kind: "layer" as const, weight: 1, layer: "conv1_1" }, ...terms];
    expect(parse(formatObjective({ terms: all }, network))).toEqual(all);
  });

  test("images of a batch may have spaces around them", () => {
    const [term] = parse("layer:conv1_2:border=1[ 0, 2 ]");
    expect(term).toEqual({ ...on, kind: "layer", border: 1, images: [0, 2] });
  });

  test("images outside the batch", () => {
    const objective = parseObjective("channel:conv1_1:0[2]", network);
    const shapes = layerShapes(network, [20, 30]);
    expect(() => placeObjective(objective, shapes, 3)).not.toThrow();
    expect(() => placeObjective(objective, shapes, 2)).toThrow(/no image 2 in the batch/);
  });
});

describe("sums, differences and multiples", () => {
  test.each<[string, number[]]>([
    ["channel:conv1_1:0 + channel:conv1_1:1", [1, 1]],
    ["channel:conv1_1:0 - channel:conv1_1:1", [1, -1]],
    ["channel:conv1_1:0 - 0.5*channel:conv1_1:1", [1, -0.5]],
    ["2*channel:conv1_1:0 - channel:conv1_1:1 + 3*layer:conv1_1", [2, -1, 3]],
    ["-1*channel:conv1_1:0", [-1]],
    ["-channel:conv1_1:0", [-1]],
    ["- channel:conv1_1:0", [-1]],
    ["-2*channel:conv1_1:0", [-2]],
    ["- 2*channel:conv1_1:0", [-2]],
    ["- -2*channel:conv1_1:0", [2]],
    ["+channel:conv1_1:0 - layer:conv1_1", [1, -1]],
    ["+ channel:conv1_1:0", [1]],
    [" -class:goldfish + -class:3", [-1, -1]],
    ["channel:conv1_1:0 - -2*channel:conv1_1:1", [1, 2]],
    [
      ".5*channel:conv1_1:0 + 1.*channel:conv1_1:1 + 1e-3*channel:conv1_1:2 + 2.5E2 * channel:conv1_1:3",
      [0.5, 1, 0.001, 250],
    ],
    ["0.5*class:European fire salamander - class:goldfish", [0.5, -1]],
    ['class:"salt + pepper" - class:"salt + pepper"', [1, -1]],
    ["channel:conv1_1:0  +   channel:conv1_1:1", [1, 1]],
    ["channel:conv1_1:0\t-\nchannel:conv1_1:1 ", [1, -1]],
  ])("%s", (spec, weights) => {
    expect(parse(spec).map(({ weight }) => weight)).toEqual(weights);
  });

  test("a minus belongs to its own term alone", () => {
    expect(
      parse("channel:conv1_1:0 - channel:conv1_1:1 + channel:conv1_1:2").map(({ weight }) => weight),
    ).toEqual([1, -1, 1]);
  });
});

describe("what is refused, and what is said", () => {
  test.each([
    [
      "channel:conv9_9:0",
      /"conv9_9" is not in/,
      /^layers: conv1_1 relu1_1 conv1_2 relu1_2 pool1 conv2_1 relu2_1 pool2 avgpool logits$/,
    ],
    ["layer:CONV1_1", /is not in/, /conv1_1/],
    ["channel:conv1_1:4", /no channel "4"/, /channels of conv1_1 are 0 to 3/],
    ["channel:conv1_1:-1", /no channel "-1"/, /0 to 3/],
    ["channel:conv1_1:1.5", /no channel/, /0 to 3/],
    ["channel:conv1_1:0x1", /no channel/, /0 to 3/],
    ["channel:conv1_1:", /no channel ""/, /0 to 3/],
    ["channel:conv1_1", /expected channel:LAYER:I/, /./],
    ["channel:conv1_1:1:2,3", /expected channel:LAYER:I/, /./],
    ["layer:conv1_1:1", /expected layer:LAYER/, /./],
    ["neuron:conv1_1", /expected neuron:LAYER:I/, /./],
    ["neuron:conv1_1:0:1", /expected a position Y,X, got "1"/, /centre/],
    ["neuron:conv1_1:0:-1,2", /expected a position/, /centre/],
    ["class:10", /class "10" is out of range/, /classes are 0 to 9/],
    ["class:-1", /out of range/, /0 to 9/],
    ["class:goldfsh", /"goldfsh" is unknown/, /^nearest: "goldfish"/],
    ["class:salamander", /unknown/, /^nearest: "European fire salamander"/],
    ["class:CARDIGAN", /is the name of 5, 6/, /index/],
    ["class:twin", /is the name of 8, 9/, /index/],
    ["class:", /expected an index or a name/, /./],
    ['class:"goldfish', /a quote is not closed/, /./],
    ['class:"goldfish"x', /expected an index or a name/, /./],
    ["class:salt + pepper", /"salt" is unknown/, /^nearest: "salt \+ pepper"/],
    ["", /"": expected channel:/, /./],
    ["channel:conv1_1:0 + ", /"channel:conv1_1:0 \+ ": a term is missing after \+$/, /./],
    ["class:3 +", /"class:3 \+": a term is missing after \+$/, /./],
    ["class:3 -", /a term is missing after -$/, /./],
    ["class:3 + - class:4", /a term is missing after \+$/, /./],
    ["class:3 - + class:4 -", /a term is missing after -$/, /./],
    ["+", /a term is missing after \+$/, /./],
    ["- - class:3", /a term is missing after -$/, /./],
    ["--class:3", /"--class:3": expected channel:/, /./],
    ["-", /a term is missing after -$/, /./],
    ["class:3 + 2*", /"2\*": a term is missing after 2\*$/, /./],
    ['class:"salt + pepper" +', /a term is missing after \+$/, /./],
    ["channel:conv1_1:0+channel:conv1_1:1", /expected channel:LAYER:I/, /./],
    ["1e999*channel:conv1_1:0", /not finite/, /^$/],
    ["NaN*channel:conv1_1:0", /expected channel:/, /./],
    ["2*3*channel:conv1_1:0", /expected channel:/, /./],
    ["stile:conv1_1", /expected channel:, neuron:, class:, layer:, direction:.* blur or alpha$/, /./],
    ["tvs", /expected channel:/, /./],
    ["channel:conv1_1:0,4", /no channel "4"/, /0 to 3/],
    ["channel:conv1_1:2..4", /no channel "4"/, /0 to 3/],
    ["channel:conv1_1:3..1", /range upward, got "3..1"/, /./],
    ["channel:conv1_1:0[]", /no channel/, /0 to 3/],
    ["channel:conv1_1:0[x]", /no channel/, /0 to 3/],
    ["direction:conv1_1", /expected direction:LAYER:I=W,J=W/, /./],
    ["direction:conv1_1:2", /expected direction:LAYER:I=W/, /./],
    ["direction:conv1_1:2=1,9=1", /no channel "9"/, /0 to 3/],
    ["direction:conv1_1:2=one", /expected a component, got "one"/, /./],
    ["direction:conv1_1:2=1:5", /expected a position Y,X, got "5"/, /./],
    ["direction:conv1_1:2=1^x", /power of the cosine from 0 to 16, got "x"/, /./],
    ["direction:conv9_1:2=1", /"conv9_1" is not in/, /^layers: conv1_1/],
    ["interpolate:conv1_1:2", /expected interpolate:LAYER:I,J/, /./],
    ["interpolate:conv1_1:1,2,3", /expected interpolate:LAYER:I,J/, /./],
    ["interpolate:conv1_1:1,8", /no channel "8"/, /0 to 3/],
    ["caricature:conv9_1", /"conv9_1" is not in/, /conv1_1/],
    ["caricature:conv1_1^17", /power of the cosine from 0 to 16/, /./],
    ["invert:conv9_1", /"conv9_1" is not in/, /conv1_1/],
    ["invert:conv1_1:3", /expected invert:LAYER/, /./],
    ["align:conv1_1:0.5", /a decay of at least 1, got "0.5"/, /./],
    ["diversity:conv1_1[0]", /diversity is about the whole batch/, /without \[0\]/],
    ["neuron:conv1_1:0:border=2", /neuron is no mean over positions/, /channel, layer, direction/],
    ["class:goldfish:border=2", /class is no mean over positions/, /channel, layer, direction/],
    ["direction:conv1_1:2=1:3,4:border=2", /direction is no mean over positions/, /./],
    ["style:conv1_1:border=2", /style is no mean over positions/, /./],
    ["channel:conv1_1:0 - tv:border=2", /tv is no mean over positions/, /./],
    ["channel:conv1_1:0:border=-2", /expected channel:LAYER:I/, /./],
    ["channel:conv1_1:0[1]:border=2", /no channel/, /./],
    ["channel:conv1_1:0 - tv:3", /expected tv/, /./],
    ["channel:conv1_1:0 - alpha:3", /expected alpha/, /./],
    ["channel:conv1_1:0 - blur:0", /a number from 0.1 to 64, got "0"/, /./],
    ["channel:conv1_1:0 - l1:x", /expected a number, got "x"/, /./],
    ["tv - l1", /"tv - l1" names no layer/, /^add for example channel:conv1_1:0$/],
    ["toString:conv1_1", /expected channel:/, /./],
  ])("%s", (spec, message, remedy) => {
    const error = refusal(spec);
    expect(error.message).toMatch(message);
    expect(error.remedy ?? "").toMatch(remedy);
    expect(error.message).not.toMatch(/\n/);
  });

  test("a class of a network without a head", () => {
    expect(refusal("class:0", headless).message).toMatch(/no classes/);
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

test("formatting uses names where they are clear", () => {
  const format = (spec: string): string => formatObjective(parseObjective(spec, network), network);
  expect(format("class:0 - 0.5*class:1")).toBe('class:goldfish - 0.5*class:"European fire salamander"');
  expect(format("class:8 + class:7")).toBe("class:8 + class:7");
  expect(format("- class:8 + -class:7")).toBe("-class:8 - class:7");
  expect(format("-2*class:8")).toBe("-2*class:8");
  expect(format("channel:conv2_1:5   -   0.5 * channel:conv1_2:3")).toBe(
    "channel:conv2_1:5 - 0.5*channel:conv1_2:3",
  );
});

test.each([
  ["class:3", "0.5*class:3", [0.5]],
  ["channel:conv1_1:2 - tv", "-1.5 * channel:conv1_1:2 - 3*tv", [-1.5, -3]],
  ["channel:conv1_1:2 - tv", "channel:conv1_1:2 + 2*tv", [1, 2]],
  ["class:3", "class:4", undefined],
  ["class:3 + tv", "class:3", undefined],
  ['class:"a', 'class:"a', undefined],
])("from %j to %j the weights are %j", (before, after, weights) => {
  expect(reweighed(before, after)).toEqual(weights);
});
