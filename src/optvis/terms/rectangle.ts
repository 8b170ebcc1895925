/** The positions of a layer that a term reads, as kernels count them (shaders/lib/rectangle.wgsl). */
import type { Shape } from "../../model/network.ts";

export interface Rectangle {
  /** Of the layer. */
  readonly width: number;
  /** The upper left position, counted row by row. */
  readonly first: number;
  /** Of the rectangle. */
  readonly columns: number;
  readonly count: number;
}

/** All positions but the outermost `border` on every side. */
export function withinBorder({ height, width }: Shape, border = 0): Rectangle {
  const [rows, columns] = [height - 2 * border, width - 2 * border];
  return { width, first: border * width + border, columns, count: rows * columns };
}

export function onePosition({ width }: Shape, [y, x]: readonly [y: number, x: number]): Rectangle {
  return { width, first: y * width + x, columns: 1, count: 1 };
}

/** The position that is meant where none is said: ⌊H/2⌋, ⌊W/2⌋. */
export function centre({ height, width }: Shape): readonly [y: number, x: number] {
  return [Math.floor(height / 2), Math.floor(width / 2)];
}
