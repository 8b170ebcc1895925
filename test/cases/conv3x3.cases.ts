import {
  type ConvShape,
  type ConvVariant,
  convBackwardInput,
  convForward,
  convOutputSize,
  convVariants,
  packConv,
  packedConvBytes,
} from "../../src/nn/conv3x3.ts";
import { positiveBits, unpackBits } from "../reference/bits.ts";
import { type Shape4, sizeOf, type Tensor, tensor, zeros } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import type { GpuCase } from "../stacks/case.ts";
import {
  absolute,
  absoluteOf,
  dot,
  expectAdjoint,
  expectExact,
  expectWithin,
  noise,
  roundings,
} from "./compare.ts";
import { kernelCase, type Proof } from "./execute.ts";

function conv(
  batch: number,
  [inputChannels, inputHeight, inputWidth]: readonly [number, number, number],
  outputChannels: number,
  padding: 0 | 1,
): ConvShape {
  return { batch, inputChannels, inputHeight, inputWidth, outputChannels, padding };
}

/** Around the tile of 8 channels × 8 pixels in both directions. */
const SHAPES: readonly ConvShape[] = [
  conv(1, [1, 1, 1], 1, 1),
  conv(1, [1, 3, 3], 1, 0),
  conv(2, [3, 5, 7], 8, 1),
  conv(1, [8, 4, 8], 7, 1),
  conv(1, [9, 3, 9], 10, 1),
  conv(1, [7, 6, 9], 9, 0),
  conv(3, [10, 3, 17], 3, 0),
  conv(2, [17, 4, 10], 5, 0),
  conv(2, [5, 7, 16], 17, 1),
];

/**
 * The same with at least 32 tiles, which take workgroups of 32 instead of 8. The kernels without ReLU run on
 * the ones, those with it on the others: they share all but the end, and Firefox compiles each for seconds.
 */
const TALL_SHAPES: readonly ConvShape[] = [
  conv(1, [1, 32, 1], 1, 1),
  conv(2, [3, 33, 7], 8, 1),
  conv(1, [9, 34, 8], 7, 0),
  conv(1, [8, 32, 9], 10, 1),
  conv(1, [8, 19, 17], 9, 0),
  conv(3, [10, 34, 3], 3, 0),
  conv(1, [17, 32, 2], 5, 1),
  conv(2, [5, 17, 16], 17, 1),
];

interface Data {
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  /** Weights and bias in float64. */
  readonly w: Float64Array;
  readonly b: Float64Array;
  readonly bytes: Readonly<Record<"x" | "y" | "packedForward" | "packedBackward", number>>;
}

function dataOf(shape: ConvShape): Data {
  const { batch, inputChannels, inputHeight, inputWidth, outputChannels } = shape;
  const input: Shape4 = [batch, inputChannels, inputHeight, inputWidth];
  const output: Shape4 = [batch, outputChannels, ...convOutputSize(shape)];
  const weights = noise(1, outputChannels * inputChannels * 9);
  const bias = noise(2, outputChannels);
  return {
    x: tensor(input, noise(3, sizeOf(input))),
    dy: tensor(output, noise(4, sizeOf(output))),
    weights,
    bias,
    w: Float64Array.from(weights),
    b: Float64Array.from(bias),
    bytes: {
      x: 4 * sizeOf(input),
      y: 4 * sizeOf(output),
      packedForward: packedConvBytes(inputChannels, outputChannels),
      packedBackward: packedConvBytes(outputChannels, inputChannels),
    },
  };
}

/** The weights in the layouts of both variants. */
function pack(shape: ConvShape) {
  return [
    packConv("pack", "forward", shape, { weights: "weights", packed: "packedForward" }),
    packConv("pack", "backward_input", shape, { weights: "weights", packed: "packedBackward" }),
  ];
}

function weightsOf(variant: ConvVariant, pass: "Forward" | "Backward"): string {
  return variant === "plain" ? "weights" : `packed${pass}`;
}

function forwardMagnitude({ x, w, b }: Data, { padding }: ConvShape): Tensor {
  return twin.conv3x3_forward(absolute(x), absoluteOf(w), absoluteOf(b), padding);
}

function backwardMagnitude({ dy, w }: Data, { inputChannels, padding }: ConvShape): Tensor {
  return twin.conv3x3_backward_input(absolute(dy), absoluteOf(w), inputChannels, padding);
}

/** One product and then 9 sums a channel. */
function depthOf(channels: number): number {
  return 9 * channels + 1;
}

function bothDirections(shape: ConvShape): Proof {
  const data = dataOf(shape);
  const { x, dy, weights, bias, w, b, bytes } = data;
  const results = convVariants.flatMap((variant) => [
    [`forward ${variant}`, bytes.y] as const,
    [`backward ${variant}`, bytes.x] as const,
  ]);
  return {
    buffers: {
      weights,
      bias,
      x: Float32Array.from(x.data),
      dy: Float32Array.from(dy.data),
      packedForward: bytes.packedForward,
      packedBackward: bytes.packedBackward,
      ...Object.fromEntries(results),
    },
    dispatches: [
      ...pack(shape),
      ...convVariants.flatMap((variant) => [
        convForward("forward", variant, shape, {
          weights: weightsOf(variant, "Forward"),
          bias: "bias",
          input: "x",
          output: `forward ${variant}`,
        }),
        convBackwardInput("backward", variant, shape, {
          weights: weightsOf(variant, "Backward"),
          outputGradient: "dy",
          inputGradient: `backward ${variant}`,
        }),
      ]),
    ],
    check(read) {
      const { inputChannels, outputChannels, padding } = shape;
      expectExact(
        "packed forward",
        read.f32("packedForward"),
        twin.conv3x3_pack_forward(w, outputChannels, inputChannels),
      );
      expectExact(
        "packed backward",
        read.f32("packedBackward"),
        twin.conv3x3_pack_backward_input(w, outputChannels, inputChannels),
      );
      const y = twin.conv3x3_forward(x, w, b, padding);
      const dx = twin.conv3x3_backward_input(dy, w, inputChannels, padding);
      const yBound = forwardMagnitude(data, shape);
      const dxBound = backwardMagnitude(data, shape);
      const [yDepth, dxDepth] = [depthOf(inputChannels), depthOf(outputChannels)];
      for (const variant of convVariants) {
        const [forward, backward] = [read.f32(`forward ${variant}`), read.f32(`backward ${variant}`)];
        expectWithin(`forward ${variant}`, forward, y.data, yBound.data, roundings(yDepth));
        expectWithin(`backward ${variant}`, backward, dx.data, dxBound.data, roundings(dxDepth));
        checkAdjoint(`adjoint ${variant}`, data, forward, backward, yBound, Math.max(yDepth, dxDepth));
      }
    },
  };
}

/** ⟨Ax, dy⟩ = ⟨x, Aᵀdy⟩ for what the GPU made of both; the bias is no part of A. */
function checkAdjoint(
  what: string,
  { x, dy, b }: Data,
  y: Float32Array,
  dx: Float32Array,
  bound: Tensor,
  depth: number,
) {
  const plane = dy.shape[2] * dy.shape[3];
  const withoutBias = Float64Array.from(y, (value, i) => value - b[Math.floor(i / plane) % b.length]!);
  const magnitude = dot(bound.data, absoluteOf(dy.data));
  expectAdjoint(what, dot(withoutBias, dy.data), dot(x.data, dx), magnitude, roundings(depth));
}

/** A word's bits outside of the image or the channels may hold anything. */
function withJunk(words: Uint32Array, shape: Shape4): Uint32Array {
  const valid = positiveBits({ shape, data: new Float64Array(sizeOf(shape)).fill(1) });
  return words.map((word, i) => (word | ~valid[i]!) >>> 0);
}

/** Every sum is exactly 0, which is not positive. */
function silenced(data: Data): Data {
  const { x, bias, b } = data;
  return { ...data, x: zeros(x.shape), bias: new Float32Array(bias.length), b: new Float64Array(b.length) };
}

function fusedRelu({ shape, silent }: { readonly shape: ConvShape; readonly silent: boolean }): Proof {
  const data = silent ? silenced(dataOf(shape)) : dataOf(shape);
  const { x, dy, weights, bias, w, b, bytes } = data;
  const { inputChannels, outputChannels, padding } = shape;
  const before = tensor(x.shape, noise(5, sizeOf(x.shape)));
  const mask = withJunk(positiveBits(before), x.shape);
  return {
    buffers: {
      weights,
      bias,
      mask,
      x: Float32Array.from(x.data),
      dy: Float32Array.from(dy.data),
      packedForward: bytes.packedForward,
      packedBackward: bytes.packedBackward,
      y: bytes.y,
      dx: bytes.x,
      bits: positiveBits(dy).byteLength,
    },
    dispatches: [
      ...pack(shape),
      convForward("forward", "register", shape, {
        weights: "packedForward",
        bias: "bias",
        input: "x",
        output: "y",
        bits: "bits",
      }),
      convBackwardInput("backward", "register", shape, {
        weights: "packedBackward",
        outputGradient: "dy",
        inputGradient: "dx",
        mask: "mask",
      }),
    ],
    check(read) {
      const y = twin.conv3x3_forward_relu_register(x, w, b, padding);
      const depth = roundings(depthOf(inputChannels));
      expectWithin("y", read.f32("y"), y.data, forwardMagnitude(data, shape).data, depth);
      // A sum next to 0 may round to either side of it, so the bits are held to the sum that was made.
      expectExact(
        "bits",
        unpackBits(read.u32("bits"), y.shape),
        read.f32("y").map((value) => (value > 0 ? 1 : 0)),
      );
      const dx = twin.conv3x3_backward_input_relu_register(before, dy, w, inputChannels, padding);
      const magnitude = twin.relu_backward(backwardMagnitude(data, shape), before);
      expectWithin("dx", read.f32("dx"), dx.data, magnitude.data, roundings(depthOf(outputChannels)));
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    [
      "conv3x3_pack_forward",
      "conv3x3_pack_backward_input",
      "conv3x3_forward",
      "conv3x3_forward_register",
      "conv3x3_backward_input",
      "conv3x3_backward_input_register",
    ],
    "every variant, both directions, each the transpose of the other",
    SHAPES,
    bothDirections,
  ),
  kernelCase(
    ["conv3x3_forward_relu_register", "conv3x3_backward_input_relu_register"],
    "fused ReLU, its bits and mask",
    [
      ...TALL_SHAPES.map((shape) => ({ shape, silent: false })),
      { shape: conv(2, [3, 17, 9], 9, 1), silent: true },
    ],
    fusedRelu,
  ),
];
