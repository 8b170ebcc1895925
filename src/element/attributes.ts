/** From the strings of HTML attributes to values. */
import { InputError } from "../errors.ts";
import type { Size } from "../model/network.ts";
import { readText } from "../optvis/field.ts";
import { recipeFields } from "../optvis/recipe-fields.ts";

/**
 * @param text `N` or `HxW`
 * @returns height and width in pixels
 * @throws InputError unless both are whole numbers within the bounds of a recipe's size
 */
export function parseSize(text: string): Size {
  const { least, most } = recipeFields.size;
  const size = readText(recipeFields.size, text) as Size | undefined;
  if (size?.every((side) => side >= least && side <= most)) return size;
  throw new InputError(
    `size expects N or HxW with ${least} to ${most} pixels a side, got "${text.slice(0, 40)}"`,
    { remedy: "try 192, or 144x256" },
  );
}

/** `128` for a square, `96x128` for others: height, then width. */
export function formatSize([height, width]: Size): string {
  return height === width ? String(height) : `${height}x${width}`;
}

/** `off` and `false` are false, everything else that is there is true: `redirect="off"`. */
export const onOff = {
  fromAttribute: (value: string | null): boolean => value !== null && value !== "off" && value !== "false",
  toAttribute: (value: boolean): string => (value ? "on" : "off"),
};
