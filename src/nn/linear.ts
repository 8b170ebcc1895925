/**
 * Fully connected layer over the flattened input. Its weight is cut into slices of rows, each a buffer
 * within the device's binding limit: VGG-16's fc6 is 411 MB, and the limit can be 128 MiB.
 */
import { linear_backward_input, linear_forward } from "../../shaders/linear.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../gpu/dispatch.ts";

export interface LinearShape {
  readonly batch: number;
  readonly inputFeatures: number;
  readonly outputFeatures: number;
}

/** Rows `firstRow … firstRow+rows−1` of the weight, in a buffer of their own. */
export interface RowSlice {
  readonly firstRow: number;
  readonly rows: number;
}

/** Cuts a weight (O,I) into slices of at most `limit` bytes. */
export function sliceRows(shape: Omit<LinearShape, "batch">, limit: number): RowSlice[] {
  const rowsPerSlice = Math.max(1, Math.floor(limit / (4 * shape.inputFeatures)));
  const slices: RowSlice[] = [];
  for (let firstRow = 0; firstRow < shape.outputFeatures; firstRow += rowsPerSlice) {
    slices.push({ firstRow, rows: Math.min(rowsPerSlice, shape.outputFeatures - firstRow) });
  }
  return slices;
}

/** Multiplications and additions of one pass over `rows` rows. */
export function linearFlops(shape: LinearShape, rows: number): number {
  return 2 * shape.batch * shape.inputFeatures * rows;
}

/** y[n,o] for the slice's rows; `weights` is that slice. */
export function linearForward(
  label: string,
  shape: LinearShape,
  slice: RowSlice,
  buffers: {
    readonly weights: BufferRef;
    readonly bias: BufferRef;
    readonly input: BufferRef;
    readonly output: BufferRef;
  },
): Dispatch {
  return dispatch(linear_forward, {
    label,
    buffers,
    uniform: { ...shape, ...slice, accumulate: 0 },
    workgroups: fold(shape.batch * slice.rows, 1),
    flops: linearFlops(shape, slice.rows),
    bytes: 4 * (shape.inputFeatures * slice.rows + shape.batch * (shape.inputFeatures + slice.rows)),
  });
}

/** dx from the slice's rows; the first slice sets it, the others add to it. */
export function linearBackwardInput(
  label: string,
  shape: LinearShape,
  slice: RowSlice,
  buffers: {
    readonly weights: BufferRef;
    readonly outputGradient: BufferRef;
    readonly inputGradient: BufferRef;
  },
): Dispatch {
  return dispatch(linear_backward_input, {
    label,
    buffers,
    uniform: { ...shape, ...slice, accumulate: slice.firstRow === 0 ? 0 : 1 },
    workgroups: fold(shape.batch * shape.inputFeatures),
    flops: linearFlops(shape, slice.rows),
    bytes: 4 * (shape.inputFeatures * slice.rows + shape.batch * (shape.inputFeatures + slice.rows)),
  });
}
