import { describe, expect, test } from "vitest";
import { joinTerms, mentions, reweighed, splitTerms, weighTerm } from "../../src/optvis/algebra.ts";
import { formatObjective, parseObjective } from "../../src/optvis/objective.ts";
import { describeRefusals, network, parse } from "../support/objectives.ts";

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

describeRefusals("sums", [
  ['class:"goldfish', /a quote is not closed/, /./],
  ["channel:conv1_1:0 + ", /"channel:conv1_1:0 \+ ": a term is missing after \+$/, /./],
  ["class:3 +", /"class:3 \+": a term is missing after \+$/, /./],
  ["class:3 -", /a term is missing after -$/, /./],
  ["class:3 + - class:4", /a term is missing after \+$/, /./],
  ["class:3 - + class:4 -", /a term is missing after -$/, /./],
  ["+", /a term is missing after \+$/, /./],
  ["- - class:3", /a term is missing after -$/, /./],
  ["-", /a term is missing after -$/, /./],
  ["class:3 + 2*", /"2\*": a term is missing after 2\*$/, /./],
  ['class:"salt + pepper" +', /a term is missing after \+$/, /./],
  ["1e999*channel:conv1_1:0", /not finite/, /^$/],
]);

test("a sign before the first term is written so that it is read back", () => {
  const format = (spec: string): string => formatObjective(parseObjective(spec, network), network);
  expect(format("- channel:conv1_1:0 + -layer:conv1_1")).toBe("-channel:conv1_1:0 - layer:conv1_1");
  expect(format("-2*class:8")).toBe("-2*class:8");
  expect(format("channel:conv2_1:5   -   0.5 * channel:conv1_2:3")).toBe(
    "channel:conv2_1:5 - 0.5*channel:conv1_2:3",
  );
});

test.each(["a", "-a", "2*a - b + 0.5*c", "-1e-7*a"])("%s is taken apart and put together again", (spec) => {
  expect(joinTerms(splitTerms(spec).map(weighTerm))).toBe(spec);
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

test.each([
  ["class:3", true],
  ["class:", true],
  ["-class:goldfish", true],
  ["channel:conv1_1:0 - 0.5 * class:goldfish", true],
  ['class:"gold', true],
  ["channel:conv1_1:0", false],
  ["channel:conv1_1:0 - tv", false],
  ["classy:3", false],
  ["class", false],
  ["", false],
])("whether %j mentions a class: %s", (spec, expected) => {
  expect(mentions(spec, "class")).toBe(expected);
});
