/** Σ over the chains s ← s·a + b of `steps` steps that start at 0, ¼ … 2¾. */
export function limitsFma(a: number, b: number, steps: number): number {
  let sum = 0;
  for (let chain = 0; chain < 12; chain++) {
    let s = chain / 4;
    for (let step = 0; step < steps; step++) s = s * a + b;
    sum += s;
  }
  return sum;
}

export function limitsCopy(source: Float32Array): Float32Array {
  return source.slice();
}

/** C = AᵀB; A is (K,M), B is (K,N), C is (M,N). */
export function limitsMatmul(
  left: ArrayLike<number>,
  right: ArrayLike<number>,
  [m, n, k]: readonly [number, number, number],
): Float64Array {
  return Float64Array.from({ length: m * n }, (_, at) => {
    const [row, column] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let i = 0; i < k; i++) sum += left[i * m + row]! * right[i * n + column]!;
    return sum;
  });
}
