/** The tables of the papers, each made from the rows that the program itself runs on. */
import type { AnyMethod, Subject } from "../methods/method.ts";
import { methodNames, methods } from "../methods/methods.ts";
import { choicesOf, dashed, formatValue, type Row } from "../optvis/field.ts";
import { type NamedRecipe, namedRecipes, recipeNames } from "../optvis/named-recipes.ts";
import { objectiveForms } from "../optvis/objective.ts";
import { defaultRecipe, type Recipe, recipeFieldNames, recipeRow } from "../optvis/recipe.ts";
import { recipeNotes } from "../optvis/recipe-notes.ts";
import { channelSettings, classSettings } from "../optvis/recipes.ts";
import { floorsTable } from "./floors.ts";
import { markdownTable, type PaperTables } from "./papers.ts";

export const paperTables: PaperTables = {
  floors: floorsTable,
  methods: () =>
    markdownTable(
      ["command", "what it does", "source"],
      methodNames.map((name) => [`\`${name}\``, methods[name].sentence, methods[name].source]),
    ),
  "photograph-methods": () =>
    markdownTable(
      ["command", "about", "settings (default)", "tensors of a `.safetensors`"],
      methodNames
        .filter((name) => methods[name].input.startsWith("photograph"))
        .map((name) => [`\`${name}\``, ...photographCells(methods[name])]),
    ),
  objectives: () =>
    markdownTable(
      ["written", "what it is"],
      objectiveForms.map(({ written, says }) => [written.map((form) => `\`${form}\``).join(", "), says]),
    ),
  "recipe-fields": () =>
    markdownTable(
      ["field", "what it is", "takes", "default", "live", "source"],
      recipeFieldNames.map((name) => [`\`${name}\``, ...fieldCells(recipeRow(name))]),
    ),
  "tuned-settings": () =>
    markdownTable(
      ["objective", "as flags"],
      [
        ["with a class in it", flags(classSettings)],
        ["any other", flags(channelSettings)],
      ],
    ),
  "named-recipes": () =>
    markdownTable(
      ["recipe", "as flags"],
      Object.entries<NamedRecipe>(namedRecipes).map(([name, recipe]) => [`\`${name}\``, flags(recipe)]),
    ),
  "named-recipe-notes": () =>
    markdownTable(
      ["recipe", "what it does", "source"],
      recipeNames.map((name) => [`\`${name}\``, recipeNotes[name].says, recipeNotes[name].source]),
    ),
};

/** How a command says what it is about. */
const ABOUT: Readonly<Record<Subject, string>> = {
  none: "",
  objective: "`--objective`",
  class: "`--objective class:NAME`",
  layer: "`--layer`",
  "layer or objective": "`--layer` or `--objective`",
  sought: "`--objective`, or `--layer` and `--channel`",
};

function photographCells({ subject, options, makes }: AnyMethod): string[] {
  const settings = Object.entries(options).map(([name, row]) => {
    const usual = row.leftOut ?? formatValue(row.default);
    const others = row.kind === "choice" ? choicesOf(row).filter((word) => word !== row.default) : [];
    const said = others.length > 0 ? `${usual}; ${others.join(", ")}` : usual;
    return `\`--${dashed(name)}\`${said === "" ? "" : ` (${said})`}`;
  });
  const tensors = Object.entries(makes).map(
    ([name, { shape, unit }]) => `\`${name}\` ${shape}${unit ? `, ${unit}` : ""}`,
  );
  return [ABOUT[subject], settings.join(", "), tensors.join("; ")];
}

function fieldCells(row: Row): string[] {
  const { help, live, source = "" } = row;
  return [help, taken(row), `\`${formatValue(row.default)}\``, live ?? "", source];
}

/** Bounds from here on say no more than that a number is finite. */
const ANY_NUMBER = 1e6;

/** What a row takes, in few words. */
function taken(row: Row): string {
  switch (row.kind) {
    case "number": {
      const bounds = row.most < ANY_NUMBER ? `${row.least} to ${row.most}` : `at least ${row.least}`;
      return `${row.whole ? "whole, " : ""}${bounds}${row.unit ? ` (${row.unit})` : ""}`;
    }
    case "choice":
      return choicesOf(row)
        .map((word) => `\`${word}\``)
        .join(", ");
    case "switch":
      return "on or off";
    case "size":
      return `${row.least} to ${row.most} a side`;
    case "text":
      return `up to ${row.most} characters`;
  }
}

/** Settings other than plain ascent's, as the command line takes them. */
function flags(settings: NamedRecipe): string {
  const given = Object.entries(settings) as [keyof Recipe, Recipe[keyof Recipe]][];
  // `render` wants the number of iterations said.
  const others = given.filter(([field, value]) => field === "iterations" || value !== defaultRecipe[field]);
  return `\`${others.map(([field, value]) => flag(field, value)).join(" ")}\``;
}

/** As `addFlag` of the command line names it. */
function flag(field: keyof Recipe, value: Recipe[keyof Recipe]): string {
  const name = dashed(field);
  if (field === "init" && value === "photo") return `--${name} FILE`;
  if (typeof value === "boolean" && recipeRow(field).default === false)
    return `--${value ? "" : "no-"}${name}`;
  return `--${name} ${typeof value === "number" ? Number(value.toPrecision(3)) : formatValue(value)}`;
}
