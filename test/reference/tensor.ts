/** Batch, channels, height, width. */
export type Shape4 = readonly [batch: number, channels: number, height: number, width: number];

/** A dense float64 array in NCHW order: element (n,c,y,x) is data[((n·C + c)·H + y)·W + x]. */
export interface Tensor {
  readonly shape: Shape4;
  readonly data: Float64Array;
}

export function sizeOf(shape: Shape4): number {
  return shape[0] * shape[1] * shape[2] * shape[3];
}

export function zeros(shape: Shape4): Tensor {
  return { shape, data: new Float64Array(sizeOf(shape)) };
}

/** Wraps (a Float64Array) or copies (anything else) `data`; throws where the length does not fit. */
export function tensor(shape: Shape4, data: ArrayLike<number>): Tensor {
  if (data.length !== sizeOf(shape)) {
    throw new Error(`tensor: (${shape.join(",")}) needs ${sizeOf(shape)} numbers, got ${data.length}`);
  }
  return { shape, data: data instanceof Float64Array ? data : Float64Array.from(data) };
}

/** Throws unless both tensors have the same shape. */
export function expectSameShape(a: Tensor, b: Tensor, where: string): void {
  if (a.shape.join() !== b.shape.join()) {
    throw new Error(`${where}: shapes differ, (${a.shape.join(",")}) and (${b.shape.join(",")})`);
  }
}
