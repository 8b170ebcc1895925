/** From the strings of HTML attributes to values. */
import { InputError } from "../errors.ts";
import { recipeBounds } from "../optvis/recipe.ts";

/**
 * @param text `N` or `HxW`
 * @returns height and width in pixels
 * @throws InputError unless both are whole numbers within `recipeBounds.side`
 */
export function parseSize(text: string): readonly [height: number, width: number] {
  const { least, most } = recipeBounds.side;
  const match = /^\s*(\d{1,9})\s*(?:[x×]\s*(\d{1,9})\s*)?$/i.exec(text);
  const height = Number(match?.[1]);
  const width = Number(match?.[2] ?? match?.[1]);
  if (!(height >= least && width >= least && height <= most && width <= most)) {
    throw new InputError(
      `size expects N or HxW with ${least} to ${most} pixels a side, got "${text.slice(0, 40)}"`,
      {
        remedy: "try 192, or 144x256",
      },
    );
  }
  return [height, width];
}

/** `off` and `false` are false, everything else that is there is true: `redirect="off"`. */
export const onOff = {
  fromAttribute: (value: string | null): boolean => value !== null && value !== "off" && value !== "false",
  toAttribute: (value: boolean): string => (value ? "on" : "off"),
};
