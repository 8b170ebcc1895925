/** Tensors as PyTorch and NumPy lay them out: a shape, and a stride for each index. */

/** Which numbers of a storage a tensor has. Strides and the offset count numbers, not bytes. */
export interface Layout {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Strides of rows whose last index runs fastest. */
export function rowStrides(shape: readonly number[]): readonly number[] {
  const strides = shape.map(() => 1);
  for (let i = shape.length - 2; i >= 0; i--) {
    strides[i] = (strides[i + 1] as number) * (shape[i + 1] as number);
  }
  return strides;
}

/** Strides of columns, whose first index runs fastest, as Fortran has them. */
export function columnStrides(shape: readonly number[]): readonly number[] {
  return rowStrides(shape.toReversed()).toReversed();
}

/** First number (inclusive) to last (exclusive) that the tensor has in its storage. */
export function span({ shape, strides, offset }: Layout): readonly [begin: number, end: number] {
  if (shape.includes(0)) return [offset, offset];
  const last = shape.reduce((sum, n, i) => sum + (n - 1) * (strides[i] as number), offset);
  return [offset, last + 1];
}

/** Rows, last index fastest, of numbers that begin at the tensor's first. */
export function gather(
  numbers: Float32Array<ArrayBuffer>,
  { shape, strides }: Layout,
): Float32Array<ArrayBuffer> {
  const rows = rowStrides(shape);
  if (shape.every((n, i) => n === 1 || strides[i] === rows[i])) return numbers;
  const count = shape.reduce((product, n) => product * n, 1);
  const result = new Float32Array(count);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < count; to++) {
    result[to] = numbers[from] as number;
    for (let i = shape.length - 1; i >= 0; i--) {
      index[i] = (index[i] as number) + 1;
      from += strides[i] as number;
      if ((index[i] as number) < (shape[i] as number)) break;
      from -= (strides[i] as number) * (shape[i] as number);
      index[i] = 0;
    }
  }
  return result;
}
