import { InputError } from "../errors.ts";

/**
 * A recipe is everything that decides a picture besides the weights: one JSON value, one URL.
 * Pixels are RGB in 0–1 units; learning rates are in those units; L2 pulls toward the zero input.
 */
export type OptimizerKind = "sgd" | "normalized" | "rms" | "momentum" | "adam";

/** What is optimised: see `params/`. */
export type ParamKind = "pixel";

export const paramKinds: readonly ParamKind[] = ["pixel"];
export const optimizerKinds: readonly OptimizerKind[] = ["sgd", "normalized", "rms", "momentum", "adam"];
export const initKinds: readonly Recipe["init"][] = ["zeros", "noise", "photo"];

export interface Recipe {
  /** SPEC: `channel:conv3_4:17`, `class:goldfish`, `channel:a:1 - 0.5*neuron:b:2:3,4`. */
  readonly objective: string;
  /** Height and width in pixels. */
  readonly size: readonly [height: number, width: number];
  /** Images optimised at once, each from its own start (seed, seed + 1, …). */
  readonly batch: number;
  /** `zeros`, `noise`, or `photo` (the pixels are then handed over beside the recipe). */
  readonly init: "zeros" | "noise" | "photo";
  readonly param: ParamKind;
  readonly optimizer: OptimizerKind;
  /** Step size in RGB 0–1 units. */
  readonly lr: number;
  /** λ of −λ·Σ(network input)². */
  readonly l2: number;
  /** Standard deviation in pixels of the Gaussian blur; 0 is none. */
  readonly blur: number;
  /** Blur after the update of every iteration t (from 0) with t mod blurEvery = 0. */
  readonly blurEvery: number;
  /** Circular jitter: shifts uniform in [−jitter, jitter]² each iteration. */
  readonly jitter: number;
  /** Clamp RGB to 0–1 after each update. */
  readonly clamp: boolean;
  /** ReLU-gradient redirect in iterations 0–15. */
  readonly redirect: boolean;
  readonly seed: number;
  readonly iterations: number;
}

/** Plain ascent: what the command line's flags mean when they are not given. Tuned ones: `recipes.ts`. */
export const defaultRecipe: Recipe = {
  objective: "channel:conv1_1:0",
  size: [128, 128],
  batch: 1,
  init: "zeros",
  param: "pixel",
  optimizer: "rms",
  lr: 0.05,
  l2: 0,
  blur: 0,
  blurEvery: 1,
  jitter: 0,
  clamp: false,
  redirect: true,
  seed: 0,
  iterations: 100,
};

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

type NumberField = "batch" | "lr" | "l2" | "blur" | "blurEvery" | "jitter" | "seed" | "iterations";

/** Beyond these nothing sensible can be meant; the device's own limits are tighter and known later. */
export const recipeBounds: Readonly<Record<NumberField | "side", Bounds>> = {
  side: { least: 1, most: 4096, whole: true },
  batch: { least: 1, most: 256, whole: true },
  lr: { least: 0, most: 1e9, whole: false },
  l2: { least: 0, most: 1e9, whole: false },
  blur: { least: 0, most: 64, whole: false },
  blurEvery: { least: 1, most: 1e6, whole: true },
  jitter: { least: 0, most: 2048, whole: true },
  seed: { least: 0, most: 2 ** 32 - 1, whole: true },
  iterations: { least: 0, most: 1e6, whole: true },
};

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
  const { objective, size, init, optimizer, clamp, redirect } = recipe;
  if (typeof objective !== "string" || objective === "" || objective.length > MAX_OBJECTIVE_LENGTH) {
    throw new InputError(`objective expects 1 to ${MAX_OBJECTIVE_LENGTH} characters, got ${show(objective)}`);
  }
  if (!Array.isArray(size) || size.length !== 2) {
    throw new InputError(`size expects [height, width], got ${show(size)}`);
  }
  const number = (field: NumberField): number => checkNumber(field, recipe[field], recipeBounds[field]);
  return {
    objective,
    size: [
      checkNumber("height", size[0], recipeBounds.side),
      checkNumber("width", size[1], recipeBounds.side),
    ],
    batch: number("batch"),
    init: checkChoice("init", init, initKinds),
    param: checkChoice("param", recipe.param, paramKinds),
    optimizer: checkChoice("optimizer", optimizer, optimizerKinds),
    lr: number("lr"),
    l2: number("l2"),
    blur: number("blur"),
    blurEvery: number("blurEvery"),
    jitter: number("jitter"),
    clamp: checkSwitch("clamp", clamp),
    redirect: checkSwitch("redirect", redirect),
    seed: number("seed"),
    iterations: number("iterations"),
  };
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
  const number = (field: NumberField): number =>
    clampNumber(parameters.get(field), recipeBounds[field]) ?? base[field];
  const objective = parameters.get("objective")?.trim().slice(0, MAX_OBJECTIVE_LENGTH);
  return {
    objective: objective || base.objective,
    size: readSize(parameters.get("size")) ?? base.size,
    batch: number("batch"),
    init: initKinds.find((kind) => kind === parameters.get("init")) ?? base.init,
    param: paramKinds.find((kind) => kind === parameters.get("param")) ?? base.param,
    optimizer: optimizerKinds.find((kind) => kind === parameters.get("optimizer")) ?? base.optimizer,
    lr: number("lr"),
    l2: number("l2"),
    blur: number("blur"),
    blurEvery: number("blurEvery"),
    jitter: number("jitter"),
    clamp: readSwitch(parameters.get("clamp")) ?? base.clamp,
    redirect: readSwitch(parameters.get("redirect")) ?? base.redirect,
    seed: number("seed"),
    iterations: number("iterations"),
  };
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
