/**
 * Fully connected layer over the flattened input. Its weight is cut into slices of rows, each in a buffer that the device
 * can bind: VGG-16's fc6 is 411 MB, and the limit can be 128 MiB.
 */
import { linear_backward_input, linear_forward } from "../../../shaders/linear.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import { elements, type LayerKind, type PlannedLayer, type SizedLayer, sides } from "../layer.ts";
import { biasOf } from "../tensors.ts";

/** The output has the shape (outputFeatures,1,1). */
export interface LinearLayer {
  readonly kind: "linear";
  /** `fc6`, `fc7`, `logits`. */
  readonly name: string;
  readonly inputFeatures: number;
  readonly outputFeatures: number;
}

export const linear: LayerKind<LinearLayer> = {
  kind: "linear",
  weights: "dense",
  reads: "channels",
  outputChannels: ({ outputFeatures }) => outputFeatures,
  outputShape: ({ inputFeatures, outputFeatures }, input) =>
    elements(input) === inputFeatures
      ? { channels: outputFeatures, height: 1, width: 1 }
      : `takes ${inputFeatures} numbers, got ${sides(input)}`,
  inputSpan: () => undefined,
  parameterCount: ({ inputFeatures, outputFeatures }) => outputFeatures * (inputFeatures + 1),
  flops: (at) => linearFlops(linearShape(at), at.output.channels),
  bitsBytes: () => 0,
  fuses: () => 0,
  fusesBackward: () => false,
  forward(at, buffers) {
    const bias = biasOf(at);
    return slicedWeights(at).map(({ slice, weights }) =>
      linearForward(`${at.layer.name} forward`, linearShape(at), slice, { ...buffers, weights, bias }),
    );
  },
  backward: (at, { outputGradient, inputGradient }) =>
    slicedWeights(at).map(({ slice, weights }) =>
      linearBackwardInput(`${at.layer.name} backward`, linearShape(at), slice, {
        weights,
        outputGradient,
        inputGradient,
      }),
    ),
};

function linearShape({ batch, input, output }: SizedLayer<LinearLayer>): LinearShape {
  return { batch, inputFeatures: elements(input), outputFeatures: output.channels };
}

/** Asks for the weight in slices that the device can bind. */
function slicedWeights(at: PlannedLayer<LinearLayer>): { slice: RowSlice; weights: string }[] {
  const { layer, output, rows, memory, bindingLimit } = at;
  const shape = linearShape(at);
  return sliceRows(shape, bindingLimit).map((slice) => {
    const weights = `${layer.name}.weight.${slice.firstRow}`;
    const all = rows ?? Array.from({ length: output.channels }, (_, row) => row);
    const sliced = all.slice(slice.firstRow, slice.firstRow + slice.rows);
    memory.upload({ buffer: weights, layer: layer.name, tensor: "weight", rows: sliced });
    return { slice, weights: memory.buffer(weights, "weights", 4 * slice.rows * shape.inputFeatures) };
  });
}

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
function linearFlops(shape: LinearShape, rows: number): number {
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
