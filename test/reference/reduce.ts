/** A part of every image: `count` elements from `offset`, images `stride` elements apart. */
export interface ReferenceRange {
  readonly batch: number;
  readonly stride: number;
  readonly offset: number;
  readonly count: number;
  readonly scale: number;
}

const TERMS = {
  sum: (x: number) => x,
  squares: (x: number) => x * x,
  absolute: Math.abs,
} as const;

/** scale · Σ x, Σ x² or Σ |x| over the part, one number an image. */
export function reducePartials(
  what: keyof typeof TERMS,
  x: ArrayLike<number>,
  { batch, stride, offset, count, scale }: ReferenceRange,
): Float64Array {
  const term = TERMS[what];
  return Float64Array.from({ length: batch }, (_, n) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += term(x[n * stride + offset + i]!);
    return scale * sum;
  });
}

/**
 * Sums of the slots firstSlot … firstSlot+slots−1 of `partials`, (slots,N,64), one number an image.
 */
export function reduceTotal(
  partials: ArrayLike<number>,
  batch: number,
  firstSlot: number,
  slots: number,
): Float64Array {
  return Float64Array.from({ length: batch }, (_, n) => {
    let sum = 0;
    for (let slot = firstSlot; slot < firstSlot + slots; slot++) {
      for (let g = 0; g < 64; g++) sum += partials[(slot * batch + n) * 64 + g]!;
    }
    return sum;
  });
}
