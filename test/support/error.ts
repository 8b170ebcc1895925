/** Measures of error over whole arrays; element-wise bounds stand in `compare.ts`. */

/** ‖a − b‖₂ / ‖b‖₂; NaN wherever one is NaN, and Infinity where the lengths differ. */
export function relativeL2(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    difference += ((a[i] as number) - (b[i] as number)) ** 2;
    norm += (b[i] as number) ** 2;
  }
  return Math.sqrt(difference / norm);
}

/** ⟨a, b⟩ / (‖a‖₂‖b‖₂). */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  let dot = 0;
  let squares = 0;
  let others = 0;
  for (let i = 0; i < b.length; i++) {
    dot += (a[i] as number) * (b[i] as number);
    squares += (a[i] as number) ** 2;
    others += (b[i] as number) ** 2;
  }
  return dot / Math.sqrt(squares * others);
}

/** Median of |a − b| over the root mean square of b: robust where a few ReLU or pool decisions flip. */
export function medianOverRms(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const errors = Float64Array.from(b, (x, i) => Math.abs(x - (a[i] as number))).sort();
  let squares = 0;
  for (let i = 0; i < b.length; i++) squares += (b[i] as number) ** 2;
  return (errors[b.length >> 1] as number) / Math.sqrt(squares / b.length);
}
