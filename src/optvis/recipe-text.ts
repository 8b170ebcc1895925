/** Recipes as people keep and send them: JSON, and the query of a link. */
import { InputError } from "../errors.ts";
import {
  type Bounds,
  defaultRecipe,
  initKinds,
  type NumberField,
  numberFields,
  optimizerKinds,
  paramKinds,
  type Recipe,
  recipeBounds,
} from "./recipe.ts";
import { parseTransforms } from "./transforms/transforms.ts";

const MAX_OBJECTIVE_LENGTH = 4096;

/**
 * Reads a recipe from JSON (text, or already parsed). Fields left out take `defaultRecipe`'s values; the
 * objective is checked against a network later.
 * @throws InputError naming the field, what was expected and what is there; unknown fields are refused.
 */
export function parseRecipe(json: unknown): Recipe {
  const value = typeof json === "string" ? parseJson(json) : json;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError(`recipe expects a JSON object, got ${show(value)}`);
  }
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(defaultRecipe, key)) continue;
    throw new InputError(`recipe has the unknown field ${show(key)}`, {
      remedy: `fields: ${Object.keys(defaultRecipe).join(" ")}`,
    });
  }
  return checkRecipe({ ...defaultRecipe, ...value });
}

/**
 * The recipe itself where every field is in bounds.
 * @throws InputError naming the field, the bounds and what is there.
 */
export function checkRecipe(recipe: Readonly<Record<keyof Recipe, unknown>>): Recipe {
  const { objective, size, init, param, alpha, optimizer, clamp, redirect, standardize } = recipe;
  if (typeof objective !== "string" || objective === "" || objective.length > MAX_OBJECTIVE_LENGTH) {
    throw new InputError(`objective expects 1 to ${MAX_OBJECTIVE_LENGTH} characters, got ${show(objective)}`);
  }
  if (!Array.isArray(size) || size.length !== 2) {
    throw new InputError(`size expects [height, width], got ${show(size)}`);
  }
  const { side } = recipeBounds;
  return {
    ...numbersFrom((field) => checkNumber(field, recipe[field], recipeBounds[field])),
    objective,
    size: [checkNumber("height", size[0], side), checkNumber("width", size[1], side)],
    init: checkChoice("init", init, initKinds),
    param: checkChoice("param", param, paramKinds),
    alpha: checkSwitch("alpha", alpha),
    transforms: checkTransforms(recipe.transforms),
    optimizer: checkChoice("optimizer", optimizer, optimizerKinds),
    clamp: checkSwitch("clamp", clamp),
    redirect: checkSwitch("redirect", redirect),
    standardize: checkSwitch("standardize", standardize),
  };
}

/** Every field that holds a number, each as `read` has it. */
function numbersFrom(read: (field: NumberField) => number): Pick<Recipe, NumberField> {
  const entries = numberFields.map((field) => [field, read(field)] as const);
  return Object.fromEntries(entries) as Record<NumberField, number>;
}

function checkTransforms(text: unknown): string {
  if (typeof text !== "string") {
    throw new InputError(`transforms expects none, standard or a list, got ${show(text)}`);
  }
  parseTransforms(text);
  return text;
}

/** Every field, so that a link means the same when the defaults change: `objective=…&size=128x128&…`. */
export function recipeToQuery(recipe: Recipe): string {
  const query = new URLSearchParams();
  for (const key of Object.keys(defaultRecipe) as (keyof Recipe)[]) {
    const value = recipe[key];
    const text =
      typeof value === "boolean"
        ? value
          ? "on"
          : "off"
        : typeof value === "object"
          ? value.join("x")
          : String(value);
    query.set(key, text);
  }
  return query.toString();
}

/**
 * Reads a link that anybody may have made: numbers out of bounds are clamped, what makes no sense is left
 * at `base`'s value, unknown keys are ignored. Never throws. The objective is any text: show it as text.
 */
export function recipeFromQuery(query: string | URLSearchParams, base: Recipe = defaultRecipe): Recipe {
  const parameters = typeof query === "string" ? new URLSearchParams(query) : query;
  const objective = parameters.get("objective")?.trim().slice(0, MAX_OBJECTIVE_LENGTH);
  const choice = <Word extends string>(field: string, words: readonly Word[]) =>
    words.find((word) => word === parameters.get(field));
  return {
    ...numbersFrom((field) => clampNumber(parameters.get(field), recipeBounds[field]) ?? base[field]),
    objective: objective || base.objective,
    size: readSize(parameters.get("size")) ?? base.size,
    init: choice("init", initKinds) ?? base.init,
    param: choice("param", paramKinds) ?? base.param,
    alpha: readSwitch(parameters.get("alpha")) ?? base.alpha,
    transforms: readTransforms(parameters.get("transforms")) ?? base.transforms,
    optimizer: choice("optimizer", optimizerKinds) ?? base.optimizer,
    clamp: readSwitch(parameters.get("clamp")) ?? base.clamp,
    redirect: readSwitch(parameters.get("redirect")) ?? base.redirect,
    standardize: readSwitch(parameters.get("standardize")) ?? base.standardize,
  };
}

function readTransforms(text: string | null): string | undefined {
  if (text === null || text.length > MAX_OBJECTIVE_LENGTH) return undefined;
  try {
    return checkTransforms(text);
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError(`recipe is not JSON: ${show(text)}`, { cause });
  }
}

function checkNumber(field: string, value: unknown, { least, most, whole }: Bounds): number {
  const inBounds = typeof value === "number" && value >= least && value <= most;
  if (inBounds && (!whole || Number.isInteger(value))) return value;
  const kind = whole ? "a whole number" : "a number";
  throw new InputError(`${field} expects ${kind} from ${least} to ${most}, got ${show(value)}`);
}

function checkChoice<Word extends string>(field: string, value: unknown, choices: readonly Word[]): Word {
  const choice = choices.find((word) => word === value);
  if (choice !== undefined) return choice;
  throw new InputError(`${field} expects one of ${choices.join(", ")}, got ${show(value)}`);
}

function checkSwitch(field: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new InputError(`${field} expects true or false, got ${show(value)}`);
}

function clampNumber(text: string | null, { least, most, whole }: Bounds): number | undefined {
  const value = text === null || text.trim() === "" ? NaN : Number(text);
  if (Number.isNaN(value)) return undefined;
  const clamped = Math.min(Math.max(value, least), most);
  // Adding 0 turns −0 into 0.
  return (whole ? Math.round(clamped) : clamped) + 0;
}

/** `128` or `96x128` (height first). */
function readSize(text: string | null): readonly [number, number] | undefined {
  const [, height, width] = /^(\d{1,9})(?:x(\d{1,9}))?$/i.exec(text?.trim() ?? "") ?? [];
  const rows = clampNumber(height ?? null, recipeBounds.side);
  const columns = clampNumber(width ?? height ?? null, recipeBounds.side);
  return rows === undefined || columns === undefined ? undefined : [rows, columns];
}

function readSwitch(text: string | null): boolean | undefined {
  if (text === "on" || text === "true" || text === "1") return true;
  if (text === "off" || text === "false" || text === "0") return false;
  return undefined;
}

function show(value: unknown): string {
  const text = typeof value === "string" || typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
