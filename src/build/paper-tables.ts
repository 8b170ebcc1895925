/** The tables of the papers, each made from the rows that the program itself runs on. */
import { type NamedRecipe, namedRecipes } from "../optvis/named-recipes.ts";
import { defaultRecipe, type Recipe } from "../optvis/recipe.ts";
import { markdownTable, type PaperTables } from "./papers.ts";

export const paperTables: PaperTables = {
  "named-recipes": () =>
    markdownTable(
      ["recipe", "as flags"],
      Object.entries<NamedRecipe>(namedRecipes).map(([name, recipe]) => [`\`${name}\``, flags(recipe)]),
    ),
};

/** Settings other than plain ascent's, as the command line takes them. */
function flags(settings: NamedRecipe): string {
  const given = Object.entries(settings) as [keyof Recipe, Recipe[keyof Recipe]][];
  // `render` wants the number of iterations said.
  const others = given.filter(([field, value]) => field === "iterations" || value !== defaultRecipe[field]);
  return `\`${others.map(([field, value]) => flag(field, value)).join(" ")}\``;
}

function flag(field: keyof Recipe, value: Recipe[keyof Recipe]): string {
  const name = `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (field === "init" && value === "photo") return `${name} FILE`;
  if (field === "redirect") return `${name} ${value ? "on" : "off"}`;
  if (typeof value === "boolean") return value ? name : name.replace("--", "--no-");
  return `${name} ${typeof value === "number" ? Number(value.toPrecision(3)) : value}`;
}
