/** From a row and a column up to, but not including, others. */
export interface Positions {
  readonly rows: readonly [begin: number, end: number];
  readonly columns: readonly [begin: number, end: number];
}

/** All positions of a layer but those within `border` of an edge. */
export function innerPositions([height, width]: readonly [number, number], border = 0): Positions {
  return { rows: [border, height - border], columns: [border, width - border] };
}

/** Whether a position, counted row by row in a layer of that width, is one of them. */
export function isInside(p: number, width: number, { rows, columns }: Positions): boolean {
  const [y, x] = [Math.floor(p / width), p % width];
  return y >= rows[0] && y < rows[1] && x >= columns[0] && x < columns[1];
}

export function countOf({ rows, columns }: Positions): number {
  return (rows[1] - rows[0]) * (columns[1] - columns[0]);
}
