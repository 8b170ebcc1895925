import { Command } from "commander";
import { expect, test } from "vitest";
import { addRowFlags, flagOf } from "../../src/cli/row-flags.ts";
import { choice, number, size, text, toggle } from "../../src/optvis/field.ts";

const TABLE = {
  stepSize: number({
    label: "Step",
    help: "length of a step",
    default: 0.5,
    least: 0,
    most: 1,
    whole: false,
    leftOut: "1/2",
  }),
  count: number({ label: "Count", help: "how many", default: 3, least: 1, most: 9, whole: true }),
  kind: choice({ label: "Kind", help: "which", default: "a", choices: { a: "A", b: "B" } }),
  side: size({ label: "Side", help: "pixels", default: [8, 8], least: 1, most: 64 }),
  layer: text({
    label: "Layer",
    help: "whose",
    default: "",
    most: 20,
    empty: true,
    placeholder: "name",
    leftOut: "",
  }),
  loud: toggle({ label: "Loud", help: "say more", default: false }),
};

const command = () => addRowFlags(new Command().exitOverride(), TABLE);

test("a flag has its row's name, placeholder, sentence and default", () => {
  expect(flagOf("stepSize")).toBe("--step-size");
  expect(command().options.map(({ flags, description }) => [flags, description])).toEqual([
    ["--step-size <x>", "length of a step (default: 1/2)"],
    ["--count <n>", "how many (default: 3)"],
    ["--kind <kind>", "which (default: a)"],
    ["--side <n|hxw>", "pixels (default: 8x8)"],
    ["--layer <name>", "whose"],
    ["--loud", "say more"],
  ]);
});

test("values are read by their row, and what is not given is absent", () => {
  const read = (words: string) => command().parse(words.split(" "), { from: "user" }).opts();
  expect(read("--step-size 1e-3 --side 4x6 --kind b --loud")).toEqual({
    stepSize: 0.001,
    side: [4, 6],
    kind: "b",
    loud: true,
  });
  expect(() => read("--count 1.5")).toThrow('--count: expected a whole number from 1 to 9, got "1.5"');
  expect(() => read("--kind c")).toThrow('--kind: expected a or b, got "c"');
  expect(() => read("--side 0")).toThrow("--side: expected N or HxW");
});
