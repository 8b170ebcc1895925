import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { addRecipeFlags } from "../../src/cli/recipe-flags.ts";
import { addFlag, plainValue } from "../../src/cli/table-flags.ts";
import { InputError } from "../../src/errors.ts";
import { choice, number, size, type Table, text, toggle } from "../../src/optvis/field.ts";
import { recipeFieldNames } from "../../src/optvis/recipe.ts";

const TABLE: Table = {
  stepSize: number({ label: "Step", help: "step", default: 0.5, least: 0, most: 1, whole: false }),
  count: number({ label: "Count", help: "how many", default: 3, least: 1, most: 9, whole: true }),
  kind: choice({ label: "Kind", help: "which", default: "a", choices: { a: "A", b: "B" } }),
  side: size({ label: "Side", help: "pixels", default: [8, 6], least: 1, most: 64 }),
  layer: text({ label: "Layer", help: "whose", default: "x", most: 4, placeholder: "name" }),
  loud: toggle({ label: "Loud", help: "say more", default: false }),
  usual: toggle({ label: "Usual", help: "as always", default: true }),
};

function command(): Command {
  const target = new Command().exitOverride();
  for (const [name, row] of Object.entries(TABLE)) {
    addFlag(target, name, row, { leftOut: `default: ${plainValue(row)}` });
  }
  return target;
}

function read(words: string): object {
  return command().parse(words.split(" "), { from: "user" }).opts();
}

describe("flags from rows", () => {
  it("have their rows' names, placeholders, sentences and defaults", () => {
    expect(command().options.map(({ flags, description }) => `${flags} ${description}`)).toEqual([
      "--step-size <x> step (default: 0.5)",
      "--count <n> how many (default: 3)",
      "--kind <kind> which: a, b (default: a)",
      "--side <n|hxw> pixels (default: 8x6)",
      "--layer <name> whose (default: x)",
      "--loud say more (default: no)",
      "--no-loud do not",
      "--usual <on|off> as always (default: on)",
    ]);
  });

  it("are read by their rows; what is not given is absent", () => {
    expect(read("--step-size 1e-3 --count 9 --kind b")).toEqual({ stepSize: 0.001, count: 9, kind: "b" });
    expect(read("--side 4x6 --layer abcd")).toEqual({ side: [4, 6], layer: "abcd" });
    expect(read("--loud --usual off")).toEqual({ loud: true, usual: false });
    expect(read("--no-loud --usual on")).toEqual({ loud: false, usual: true });
  });

  it.each([
    ["--step-size 1.5", "--step-size: expected a number from 0 to 1"],
    ["--count 1.5", "--count: expected a whole number from 1 to 9"],
    ["--kind c", "--kind: expected a or b"],
    ["--side 0", "--side: expected N or HxW"],
    ["--layer abcde", "--layer expects 1 to 4 characters"],
    ["--usual yes", "--usual: expected on or off"],
  ])("%s is refused", (words, message) => {
    expect(() => read(words)).toThrow(InputError);
    expect(() => read(words)).toThrow(message);
  });
});

describe("flags of a recipe", () => {
  const target = addRecipeFlags(new Command(), { leftOut: () => undefined, without: ["share"] });
  const names = target.options.map((option) => option.attributeName());

  it("are every field's but the objective's and those left out, and --recipe", () => {
    const fields = recipeFieldNames.filter((field) => field !== "objective" && field !== "share");
    expect([...new Set(names)].sort()).toEqual([...fields, "recipe"].sort());
  });

  it("take a photo's path for a start, and name the transform that is none", () => {
    expect(target.parse(["--init", "a/photo.png"], { from: "user" }).opts()["init"]).toBe("a/photo.png");
    const bad = () => target.parse(["--transforms", "spin:3"], { from: "user" });
    expect(bad).toThrow('--transforms: transforms: "spin:3" is no transform');
  });
});
