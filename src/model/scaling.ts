/** What a network's own first layers do to its pixels. */

import { LARGEST_UNIT } from "./preprocess.ts";

/** x·scale + offset of pixels in 0–1, for each channel, or one for all. */
export interface Scaling {
  readonly scale: readonly number[];
  readonly offset: readonly number[];
}

/**
 * As `preprocess` of a checkpoint's metadata says it.
 * @param white of the pixels that are scaled; where it is not known, large numbers mean 255
 */
export function preprocessOf({ scale, offset }: Scaling, white?: 1): string {
  if (scale.every((n) => Math.abs(n - 1) < 1e-6) && offset.every((n) => n === 0)) return "unit";
  const three = (list: readonly number[]): string =>
    (list.length === 1 ? [list[0], list[0], list[0]] : list)
      .map((n) => Number((n as number).toPrecision(8)))
      .join(",");
  const mean = scale.map((n, i) => -(offset[i] as number) / n + 0);
  const isLarge = Math.max(...mean, ...scale.map((n) => 1 / n)) > LARGEST_UNIT;
  return `mean=${three(mean)};std=${three(scale.map((n) => 1 / n))}${white && isLarge ? ";pixels=1" : ""}`;
}
