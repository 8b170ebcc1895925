import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  channelsOf,
  comparesImages,
  imagesOf,
  isOfOneImage,
  isPenalty,
  isPlain,
  isUnit,
  needsPhoto,
  positionOf,
  readsActivation,
  readsForward,
  readsOpacity,
  type Term,
  withinRows,
} from "../../src/optvis/term.ts";
import { kindOf, termKinds } from "../../src/optvis/terms/registry.ts";
import { parse } from "../support/objectives.ts";

const ALL = [
  "channel:conv1_2:7",
  "channel:conv1_2:7:border=1",
  "channel:conv1_2:7,3[0]",
  "neuron:conv1_2:7:1,2",
  "layer:conv1_2",
  "direction:conv1_2:7=1,3=-2",
  "direction:conv1_2:7=1,3=-2^1",
  "interpolate:conv1_2:7,3",
  "caricature:conv1_2",
  "invert:conv1_2",
  "style:conv1_2",
  "align:conv1_2",
  "diversity:conv1_2",
  "l1",
  "alpha",
];

/** The terms of which something holds, as they are written in `ALL`. */
function those(holds: (term: Term) => boolean): string[] {
  return ALL.filter((spec) => holds(parse(`layer:conv1_1 + ${spec}`)[1] as Term));
}

describe("of the terms", () => {
  test.each<[string, (term: Term) => boolean, string]>([
    ["read the image", isPenalty, "l1 alpha"],
    ["read its opacity", readsOpacity, "alpha"],
    ["need a photograph", needsPhoto, "caricature:conv1_2 invert:conv1_2 style:conv1_2"],
    ["compare images", comparesImages, "align:conv1_2 diversity:conv1_2"],
    [
      "differ from image to image",
      (term) => imagesOf(term) > 1,
      "channel:conv1_2:7,3[0] interpolate:conv1_2:7,3",
    ],
    ["are about one channel", isUnit, `${ALL[0]} ${ALL[1]} ${ALL[3]}`],
    ["have a position", (term) => positionOf(term) !== undefined, "neuron:conv1_2:7:1,2"],
    ["are chosen by controls", isPlain, `${ALL[0]} ${ALL[3]} ${ALL[4]}`],
    ["need no activation on the way back", (term) => !readsActivation(term), `${ALL[0]} ${ALL[3]}`],
    ["need their forward kernels on the way back", readsForward, "style:conv1_2 diversity:conv1_2"],
    [
      "read some channels alone",
      (term) => channelsOf(term) !== undefined,
      `${ALL[0]} ${ALL[1]} ${ALL[2]} ${ALL[3]} ${ALL[5]} ${ALL[7]}`,
    ],
  ])("these %s", (_, holds, expected) => {
    expect(those(holds).join(" ")).toBe(expected);
  });

  test("of one image by itself are all that neither compare nor differ nor are for some images", () => {
    const others = [
      "channel:conv1_2:7,3[0]",
      "interpolate:conv1_2:7,3",
      "align:conv1_2",
      "diversity:conv1_2",
    ];
    expect(those(isOfOneImage)).toEqual(ALL.filter((spec) => !others.includes(spec)));
    expect(isOfOneImage(parse("channel:conv1_2:7[0]")[0] as Term)).toBe(false);
  });
});

test.each([
  ["channel:conv1_2:7", { channel: 1 }],
  ["neuron:conv1_2:3:1,2", { channel: 0, position: [1, 2] }],
  ["channel:conv1_2:7,3,7", { channels: [1, 0, 1] }],
  ["interpolate:conv1_2:7,3", { from: 1, to: 0 }],
  [
    "direction:conv1_2:3=-2,7=1",
    {
      direction: [
        [0, -2],
        [1, 1],
      ],
    },
  ],
  ["layer:conv1_2", {}],
])("%s counts its channels among the rows that are computed", (spec, expected) => {
  const term = parse(spec)[0] as Term;
  expect(withinRows(term, [3, 7])).toEqual({ ...term, ...expected });
});

test("every kind stands in the registry under its own name", () => {
  for (const name of Object.keys(termKinds))
    expect(kindOf({ kind: name } as Term)).toBe(termKinds[name as Term["kind"]]);
  const files = readdirSync(new URL("../../src/optvis/terms", import.meta.url)).map((file) =>
    file.replace(".ts", ""),
  );
  expect(files).toEqual(expect.arrayContaining(Object.keys(termKinds)));
  const words = Object.values(termKinds).flatMap(({ spellings }) => Object.keys(spellings));
  expect(new Set(words).size).toBe(words.length);
});
