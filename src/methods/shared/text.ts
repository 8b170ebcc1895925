/** Reports as text for people. */

/** Rows of cells in columns: the first one to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

export const count = (n: number): string => n.toLocaleString("en-US");

/** Four significant digits, no exponent for ordinary sizes. */
export function figure(value: number | null): string {
  if (value === null) return "–";
  return Math.abs(value) >= 1000 ? count(Math.round(value)) : String(Number(value.toPrecision(4)));
}

export function mebibytes(bytes: number): string {
  return `${figure(bytes / 2 ** 20)} MiB`;
}
