import { expect, test } from "vitest";
import { bordered, comparesWithPhoto, termForms } from "../../src/optvis/term-text.ts";
import { describeReading, describeRefusals, parse } from "../support/objectives.ts";

const on = { weight: 1, layer: "conv1_2" } as const;

describeReading("a border, and images of a batch", [
  ["layer:conv1_2:border=1[ 0, 2 ]", { ...on, kind: "layer", border: 1, images: [0, 2] }],
  ["class:3[0]", { weight: 1, kind: "neuron", layer: "logits", channel: 3, images: [0] }],
]);

describeRefusals("terms of no kind, borders and images", [
  ["", /"": expected channel:/, /./],
  ["--class:3", /"--class:3": expected channel:/, /./],
  ["channel:conv1_1:0+channel:conv1_1:1", /expected channel:LAYER:I/, /./],
  ["NaN*channel:conv1_1:0", /expected channel:/, /./],
  ["2*3*channel:conv1_1:0", /expected channel:/, /./],
  ["stile:conv1_1", /expected channel:, neuron:, class:, layer:, direction:.* blur or alpha$/, /./],
  ["channel:conv1_1:0[]", /no channel/, /0 to 3/],
  ["channel:conv1_1:0[x]", /no channel/, /0 to 3/],
  ["channel:conv1_1:0:border=-2", /expected channel:LAYER:I/, /./],
  ["channel:conv1_1:0[1]:border=2", /no channel/, /./],
  ["toString:conv1_1", /expected channel:/, /./],
]);

test("an objective compares with a photograph where one of its terms does, whatever stands before it", () => {
  const WITH = [
    "caricature:conv1_1^2",
    "-invert:conv1_1",
    "class:3 - 2*style:conv1_1[0]",
    "+0.5*style:conv1_1",
  ];
  for (const spec of WITH) expect(comparesWithPhoto(spec), spec).toBe(true);
  const WITHOUT = [
    "class:3",
    'class:"a invert:b"',
    "layer:conv1_1 - l2",
    "",
    "class:3 -",
    "toString:conv1_1",
  ];
  for (const spec of WITHOUT) expect(comparesWithPhoto(spec), spec).toBe(false);
});

test("every way to write a term is read, with its capitals filled in", () => {
  const filled = (form: string): string =>
    form
      .replaceAll(/\[[^\]]*\]/g, "")
      .replace("LAYER", "conv2_1")
      .replace("NAME", "goldfish")
      .replaceAll(/I\b/g, "1")
      .replaceAll(/J\b/g, "2")
      .replaceAll("W", "0.5")
      .replace("17", "7");
  const forms = termForms.flatMap(({ written }) => written).filter((form) => !form.includes("@FILE"));
  for (const form of forms) expect(parse(`layer:conv1_1 + ${filled(form)}`), form).toHaveLength(2);
  // Without the three that stand for lists and files.
  expect(new Set(forms.map((form) => form.split(/[:[]/)[0])).size).toBe(16);
});

test("the kinds whose mean can leave out a border", () => {
  expect(bordered).toEqual(["channel", "layer", "direction", "interpolate", "caricature", "invert"]);
});
