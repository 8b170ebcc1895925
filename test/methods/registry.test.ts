/** What every method of the registry says of itself, and what follows from it. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { addMethod } from "../../src/cli/method-command.ts";
import { methodNames, methods } from "../../src/methods/methods.ts";
import { checkValue } from "../../src/optvis/field.ts";
import { photoMethods } from "../../src/page/photo-methods.ts";
import { ROOT } from "../stacks/environment.ts";

/** The command that is made of a method. */
function commandOf(name: (typeof methodNames)[number]): Command {
  const program = new Command("ascent");
  addMethod(program, name, 0);
  return program.commands[0] as Command;
}

it("names of methods and their sentences are told apart", () => {
  const all = methodNames.map((name) => methods[name]);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(new Set(all.map(({ sentence }) => sentence)).size).toBe(all.length);
});

it("every module of a method has its line in the registry", () => {
  const machinery = ["job", "method", "methods", "registry", "report"];
  const modules = readdirSync(join(ROOT, "src/methods"))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.slice(0, -".ts".length))
    .filter((name) => !machinery.includes(name));
  expect(methodNames.toSorted()).toEqual(modules.toSorted());
});

it("people read of them by what they take, maps before images, then by the alphabet", () => {
  const makesMap = (name: (typeof methodNames)[number]) => "map" in methods[name].makes;
  const photograph = methodNames.filter((name) => methods[name].input === "photograph");
  const [maps, others] = [photograph.filter(makesMap), photograph.filter((name) => !makesMap(name))];
  expect(photograph).toEqual([...maps.toSorted(), ...others.toSorted()]);
  expect(maps.length && others.length).toBeGreaterThan(0);
  expect(methodNames.slice(0, 3)).toEqual(["info", "gradient", "render"]);
});

it("the page lists those that are given photographs", () => {
  expect(photoMethods.every((name) => methods[name].input.startsWith("photograph"))).toBe(true);
  expect(photoMethods).toContain("examples");
});

describe.each(methodNames)("%s", (name) => {
  const { sentence, source, options, quick = {}, examples, makes } = methods[name];

  it("says in one sentence what it does, and where it is from", () => {
    expect(sentence).toMatch(/^[A-Z].*\.$/);
    expect(source).not.toBe("");
    expect(examples.length).toBeGreaterThan(0);
  });

  it("allows its own defaults, and what it takes where somebody waits", () => {
    for (const [field, row] of Object.entries(options)) {
      expect(checkValue(field, row, row.default)).toEqual(row.default);
      expect(row.label && row.help, field).toBeTruthy();
    }
    for (const [field, value] of Object.entries(quick)) {
      const row = options[field];
      expect(row && checkValue(field, row, value), field).toEqual(value);
    }
  });

  it("is a command that tells every setting's default and every tensor", () => {
    const command = commandOf(name);
    const flags = new Map(command.options.map(({ long, description }) => [long, description]));
    for (const [field, row] of Object.entries(options)) {
      const flag = `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      expect(flags.get(flag), flag).toContain(row.help);
      const said = row.leftOut ?? (row.kind === "switch" ? "" : String(row.default));
      if (said !== "") expect(flags.get(flag)).toContain(`(default: ${said})`);
    }
    for (const [tensor, { shape }] of Object.entries(makes)) {
      expect(flags.get("--out")).toContain(`\`${tensor}\``);
      expect(flags.get("--out")).toContain(shape);
    }
  });

  it("is asked by its examples as it can be", () => {
    const flags = new Set(commandOf(name).options.map(({ long }) => long));
    for (const example of examples)
      for (const flag of example.match(/--[a-z-]+/g) ?? []) expect([...flags]).toContain(flag);
  });
});
