/**
 * The properties and attributes of `<ascent-view>` that make a recipe, from the rows of its fields. A property has the
 * field's name and type, its attribute the name with dashes: `clipNorm`, `clip-norm`.
 */
import { LitElement, type PropertyDeclaration, type PropertyDeclarations } from "lit";
import { dashed, formatValue, type NamesWith, type Row } from "../optvis/field.ts";
import {
  defaultRecipe,
  type Recipe,
  type RecipeFields,
  recipeFieldNames,
  recipeRow,
} from "../optvis/recipe.ts";
import { checkRecipe } from "../optvis/recipe-text.ts";
import { formatSize, onOff, parseSize } from "./attributes.ts";

/** `blur` is a method of every element. */
const RENAMED = { blur: "blurSigma" } as const;

type PropertyName<Field> = Field extends keyof typeof RENAMED ? (typeof RENAMED)[Field] : Field;

/** A size is written as `N` or `HxW`; a start may be a photograph or its URL. */
type PropertyValue<Field extends keyof Recipe> =
  Field extends NamesWith<RecipeFields, { readonly kind: "size" }>
    ? string
    : Field extends "init"
      ? string | Blob
      : Recipe[Field];

export type RecipeProperties = {
  -readonly [Field in keyof Recipe as PropertyName<Field>]: PropertyValue<Field>;
};

const names: Readonly<Record<keyof Recipe, keyof RecipeProperties>> = {
  ...(Object.fromEntries(recipeFieldNames.map((field) => [field, field])) as Record<
    keyof Recipe,
    keyof RecipeProperties
  >),
  ...RENAMED,
};

/** How Lit makes a property of a field: a switch that is off is an attribute that is absent. */
function declarationOf(field: keyof Recipe): PropertyDeclaration {
  return { attribute: dashed(field), ...typeOf(recipeRow(field)) };
}

function typeOf(row: Row): PropertyDeclaration {
  if (row.kind === "number") return { type: Number };
  if (row.kind !== "switch") return {};
  return row.default ? { converter: onOff } : { type: Boolean };
}

const declarations: PropertyDeclarations = Object.fromEntries(
  recipeFieldNames.map((field) => [names[field], declarationOf(field)]),
);

/** The properties that hold a recipe; a photograph that one begins with is not in it. */
export function propertiesOf(recipe: Recipe): Partial<RecipeProperties> {
  const { init } = recipe;
  const entries = recipeFieldNames.map((field) => {
    const value = recipe[field];
    return [names[field], typeof value === "object" ? formatValue(value) : value] as const;
  });
  const properties: Partial<RecipeProperties> = Object.fromEntries(entries);
  if (init !== "photo") return properties;
  const { init: _, ...others } = properties;
  return others;
}

/**
 * The recipe that the properties hold.
 * @throws InputError naming a field that is out of bounds
 */
export function recipeOf(properties: RecipeProperties): Recipe {
  const { init, size } = properties;
  const entries = recipeFieldNames.map((field) => [field, properties[names[field]]] as const);
  return checkRecipe({
    ...Object.fromEntries(entries),
    size: parseSize(size),
    init: init === "zeros" || init === "noise" ? init : "photo",
  });
}

/** An element with these properties: those of plain ascent, of no objective yet. */
class WithRecipe extends LitElement {
  static override readonly properties = declarations;

  constructor() {
    super();
    Object.assign(this, propertiesOf(defaultRecipe), { objective: "", size: formatSize(defaultRecipe.size) });
  }
}

export const RecipeElement = WithRecipe as unknown as Pick<typeof LitElement, keyof typeof LitElement> &
  (new () => LitElement & RecipeProperties);
