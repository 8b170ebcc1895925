/** From the strings of HTML attributes to a recipe, with messages that name the attribute. */
import { InputError } from "../errors.ts";
import type { OptimizerKind, Recipe } from "../optvis/recipe.ts";

const OPTIMIZERS: readonly OptimizerKind[] = ["sgd", "normalized", "rms", "momentum", "adam"];

/** Largest height or width an element takes; what the device can hold is checked when the run is made. */
const LARGEST = 8192;

/**
 * @param text `N` or `HxW`
 * @returns height and width in pixels
 * @throws InputError unless both are whole numbers from 1 to 8192
 */
export function parseSize(text: string): readonly [height: number, width: number] {
  const match = /^\s*(\d{1,5})\s*(?:[x×]\s*(\d{1,5})\s*)?$/i.exec(text);
  const height = Number(match?.[1]);
  const width = Number(match?.[2] ?? match?.[1]);
  if (!(height >= 1 && width >= 1 && height <= LARGEST && width <= LARGEST)) {
    throw new InputError(`size: expected N or HxW with 1 to ${LARGEST} pixels a side, got "${text}"`, {
      remedy: "Try 192, or 144x256.",
    });
  }
  return [height, width];
}

interface Bounds {
  readonly least: number;
  readonly most?: number;
  readonly whole?: boolean;
}

const BOUNDS: Readonly<Record<string, Bounds>> = {
  lr: { least: 0 },
  l2: { least: 0 },
  blur: { least: 0, most: 100 },
  blurEvery: { least: 1, whole: true },
  jitter: { least: 0, whole: true },
  seed: { least: 0, most: 0xffffffff, whole: true },
  iterations: { least: 0, whole: true },
};

/** @throws InputError where a number of the recipe is out of bounds or a word is not one of its words */
export function checkRecipe(recipe: Recipe): Recipe {
  for (const [name, { least, most = Number.MAX_VALUE, whole }] of Object.entries(BOUNDS)) {
    const value = recipe[name as "lr"];
    if (value >= least && value <= most && (!whole || Number.isInteger(value))) continue;
    const upper = most === Number.MAX_VALUE ? "" : ` to ${most}`;
    throw new InputError(`${name}: expected a ${whole ? "whole " : ""}number from ${least}${upper}, got ${value}`);
  }
  if (!OPTIMIZERS.includes(recipe.optimizer)) {
    throw new InputError(`optimizer: expected ${OPTIMIZERS.join(", ")}, got "${recipe.optimizer}"`);
  }
  return recipe;
}

/** `off` and `false` are false, everything else that is there is true: `redirect="off"`. */
export const onOff = {
  fromAttribute: (value: string | null): boolean => value !== null && value !== "off" && value !== "false",
  toAttribute: (value: boolean): string => (value ? "on" : "off"),
};
