import {
  type LinearShape,
  linearBackwardInput,
  linearForward,
  type RowSlice,
  sliceRows,
} from "../../../src/nn/layers/linear.ts";
import { type Shape4, type Tensor, tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import {
  absolute,
  absoluteOf,
  dot,
  expectAdjoint,
  expectWithin,
  noise,
  roundings,
} from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";

interface Sliced {
  readonly layer: LinearShape;
  /** Rows of the weight that fit in a binding. */
  readonly rowsPerSlice: number;
}

/** Around the 64 invocations that share a row; whole, in equal slices, and with a smaller one at the end. */
const LAYERS: readonly Sliced[] = [
  { layer: { batch: 1, inputFeatures: 1, outputFeatures: 1 }, rowsPerSlice: 1 },
  { layer: { batch: 2, inputFeatures: 63, outputFeatures: 5 }, rowsPerSlice: 5 },
  { layer: { batch: 1, inputFeatures: 64, outputFeatures: 10 }, rowsPerSlice: 4 },
  { layer: { batch: 3, inputFeatures: 65, outputFeatures: 9 }, rowsPerSlice: 3 },
  { layer: { batch: 2, inputFeatures: 130, outputFeatures: 17 }, rowsPerSlice: 7 },
  { layer: { batch: 1, inputFeatures: 7, outputFeatures: 3 }, rowsPerSlice: 1 },
];

function linear({ layer, rowsPerSlice }: Sliced): Proof {
  const { batch, inputFeatures, outputFeatures } = layer;
  const inputShape: Shape4 = [batch, inputFeatures, 1, 1];
  const x = tensor(inputShape, noise(1, batch * inputFeatures));
  const dy = tensor([batch, outputFeatures, 1, 1], noise(2, batch * outputFeatures));
  const weights = noise(3, outputFeatures * inputFeatures);
  const bias = noise(4, outputFeatures);
  const slices = sliceRows(layer, 4 * inputFeatures * rowsPerSlice);
  const rows = ({ firstRow, rows: count }: RowSlice) =>
    weights.slice(firstRow * inputFeatures, (firstRow + count) * inputFeatures);
  return {
    buffers: {
      ...Object.fromEntries(slices.map((slice, i) => [`weights ${i}`, rows(slice)])),
      bias,
      x: Float32Array.from(x.data),
      y: 4 * batch * outputFeatures,
      dy: Float32Array.from(dy.data),
      dx: 4 * batch * inputFeatures,
    },
    dispatches: slices.flatMap((slice, i) => [
      linearForward("forward", layer, slice, {
        weights: `weights ${i}`,
        bias: "bias",
        input: "x",
        output: "y",
      }),
      linearBackwardInput("backward", layer, slice, {
        weights: `weights ${i}`,
        outputGradient: "dy",
        inputGradient: "dx",
      }),
    ]),
    check(read) {
      if (slices.length !== Math.ceil(outputFeatures / rowsPerSlice))
        throw new Error(`${slices.length} slices`);
      checkLinear(x, dy, Float64Array.from(weights), Float64Array.from(bias), read.f32("y"), read.f32("dx"));
    },
  };
}

function checkLinear(
  x: Tensor,
  dy: Tensor,
  w: Float64Array,
  b: Float64Array,
  y: Float32Array,
  dx: Float32Array,
): void {
  const [inputs, outputs] = [x.shape[1], dy.shape[1]];
  // Forward: a product, ⌈I/64⌉ sums, a tree of 64, the bias. Backward: a product and O sums.
  const [forwardDepth, backwardDepth] = [1 + Math.ceil(inputs / 64) + 6 + 1, 1 + outputs];
  const bound = twin.linear_forward(absolute(x), absoluteOf(w), absoluteOf(b));
  expectWithin("y", y, twin.linear_forward(x, w, b).data, bound.data, roundings(forwardDepth));
  const dxBound = twin.linear_backward_input(absolute(dy), absoluteOf(w), x.shape);
  expectWithin(
    "dx",
    dx,
    twin.linear_backward_input(dy, w, x.shape).data,
    dxBound.data,
    roundings(backwardDepth),
  );
  const withoutBias = Float64Array.from(y, (value, i) => value - b[i % outputs]!);
  const depth = roundings(Math.max(forwardDepth, backwardDepth));
  expectAdjoint(
    "adjoint",
    dot(withoutBias, dy.data),
    dot(x.data, dx),
    dot(bound.data, absoluteOf(dy.data)),
    depth,
  );
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    ["linear_forward", "linear_backward_input"],
    "whole and in slices of rows; each the transpose of the other",
    LAYERS,
    linear,
  ),
];
