/** The papers for users name exactly the flags that the command line takes. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { buildProgram } from "../../src/cli/program.ts";
import { dashed } from "../../src/optvis/field.ts";
import { recipeFieldNames } from "../../src/optvis/recipe.ts";
import { ROOT } from "../stacks/environment.ts";

const docs = readdirSync(join(ROOT, ".github/docs")).map((name) => join(".github/docs", name));
const text = ["README.md", ...docs].map((name) => readFileSync(join(ROOT, name), "utf8")).join("\n");
const named = new Set([...text.matchAll(/(?<![\w-])--[a-z][a-z0-9-]*/g)].map(([flag]) => flag));

const commands = buildProgram(0, "0.0.0").commands;
const taken = new Set(commands.flatMap(({ options }) => options.map(({ long }) => long ?? "")));

it("no other flags", () => {
  // Of npm, of the program itself, and of Slurm.
  const others = ["--silent", "--help", "--version", "--array", "--gres"];
  const unknown = [...named].filter((flag) => !taken.has(flag) && !others.includes(flag));
  expect(unknown).toEqual([]);
});

it("every flag", () => {
  // A table of fields stands for the flags that make a recipe; what turns a switch off needs no line.
  const ofRecipe = recipeFieldNames.map((name) => `--${dashed(name)}`);
  const missing = [...taken].filter(
    (flag) => !named.has(flag) && !ofRecipe.includes(flag) && !flag.startsWith("--no-"),
  );
  expect(missing).toEqual([]);
});
