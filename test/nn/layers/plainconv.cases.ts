import {
  type PlainConvShape,
  plainConvBackwardInput,
  plainConvForward,
} from "../../../src/nn/layers/plainconv.ts";
import { type Shape4, sizeOf, tensor } from "../../reference/tensor.ts";
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

type Sizes = readonly [batch: number, inputs: number, height: number, width: number, outputs: number];

function shapeOf([batch, inputs, height, width, outputs]: Sizes, side: number, padding: number) {
  return {
    ...{ batch, inputChannels: inputs, inputHeight: height, inputWidth: width },
    ...{ outputChannels: outputs, side, padding },
  };
}

/** Every side with no padding, half of it and the most; one output; maps smaller than the kernel. */
const SHAPES: readonly PlainConvShape[] = [
  shapeOf([1, 1, 1, 1, 1], 1, 0),
  shapeOf([2, 3, 5, 7, 4], 1, 0),
  shapeOf([1, 3, 5, 5, 2], 5, 0),
  shapeOf([2, 3, 9, 6, 5], 5, 2),
  shapeOf([1, 2, 3, 2, 3], 5, 2),
  shapeOf([1, 2, 6, 5, 3], 5, 4),
  shapeOf([1, 3, 7, 9, 2], 7, 0),
  shapeOf([1, 4, 8, 11, 3], 7, 3),
  shapeOf([1, 2, 1, 1, 2], 7, 6),
  shapeOf([1, 2, 12, 9, 2], 9, 4),
  shapeOf([2, 3, 6, 7, 2], 3, 1),
  shapeOf([1, 3, 6, 7, 2], 3, 2),
];

function convolve(shape: PlainConvShape): Proof {
  const { batch, inputChannels, inputHeight, inputWidth, outputChannels, side, padding } = shape;
  const grow = 2 * padding - side + 1;
  const input: Shape4 = [batch, inputChannels, inputHeight, inputWidth];
  const output: Shape4 = [batch, outputChannels, inputHeight + grow, inputWidth + grow];
  const x = tensor(input, noise(1, sizeOf(input)));
  const dy = tensor(output, noise(2, sizeOf(output)));
  const weights = noise(3, outputChannels * inputChannels * side * side);
  const bias = noise(4, outputChannels);
  return {
    buffers: {
      weights,
      bias,
      ...{ x: Float32Array.from(x.data), y: 4 * sizeOf(output) },
      ...{ dy: Float32Array.from(dy.data), dx: 4 * sizeOf(input) },
    },
    dispatches: [
      plainConvForward("forward", shape, { weights: "weights", bias: "bias", input: "x", output: "y" }),
      plainConvBackwardInput("backward", shape, {
        weights: "weights",
        outputGradient: "dy",
        inputGradient: "dx",
      }),
    ],
    check(read) {
      const [w, b] = [Float64Array.from(weights), Float64Array.from(bias)];
      const [y, dx] = [read.f32("y"), read.f32("dx")];
      const none = new Float64Array(outputChannels);
      const depth = (channels: number) => roundings(2 * channels * side * side + 1);
      const bound = twin.conv_forward(absolute(x), absoluteOf(w), absoluteOf(b), padding).data;
      expectWithin("y", y, twin.conv_forward(x, w, b, padding).data, bound, depth(inputChannels));
      const dxBound = twin.conv_backward_input(absolute(dy), absoluteOf(w), input, padding).data;
      const expected = twin.conv_backward_input(dy, w, input, padding).data;
      expectWithin("dx", dx, expected, dxBound, depth(outputChannels));
      const shifts = twin.conv_forward(tensor(input, new Float64Array(x.data.length)), w, b, padding).data;
      const unshifted = Float64Array.from(y, (value, i) => value - shifts[i]!);
      const magnitude = dot(bound, absolute(dy).data);
      const pairing = dot(twin.conv_forward(x, w, none, padding).data, dy.data);
      expectAdjoint("twins", pairing, dot(x.data, expected), magnitude, roundings(1));
      const most = Math.max(inputChannels, outputChannels);
      expectAdjoint("adjoint", dot(unshifted, dy.data), dot(x.data, dx), magnitude, depth(most));
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(["conv_forward", "conv_backward_input"], "1×1 to 9×9, every padding", SHAPES, convolve),
];
