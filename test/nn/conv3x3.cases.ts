import { tapsPacking } from "../../src/nn/conv3x3/packing.ts";
import { type ConvShape, type ConvVariantName, correlation, variantOf } from "../../src/nn/conv3x3.ts";
import { positiveBits, unpackBits } from "../reference/bits.ts";
import { conv3x3BackwardInputRelu, conv3x3ForwardRelu } from "../reference/conv3x3-relu.ts";
import { type Shape4, sizeOf, type Tensor, tensor, zeros } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import type { GpuCase } from "../stacks/case.ts";
import { absoluteOf, dot, expectAdjoint, expectExact, expectWithin, noise } from "../support/compare.ts";
import {
  backwardMagnitude,
  conv,
  type Data,
  dataOf,
  entryPoints,
  forwardMagnitude,
  operands,
  roundingOf,
  scratchOf,
  shownVariants,
  winogradTile,
} from "../support/conv3x3.ts";
import { kernelCase, type Proof } from "../support/execute.ts";

/** Enough tiles for Winograd's largest workgroups, over one group of 32 channels and a little of the next. */
const MANY_TILES = conv(29, [2, 17, 19], 33, 1);

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

/** Both passes of a variant between buffers x, y, dy and dx; given, bits and mask fuse the ReLU. */
function passes(
  variant: ConvVariantName,
  shape: ConvShape,
  fused?: { readonly bits: string; readonly mask: string },
) {
  const convVariant = variantOf(variant);
  return [
    ...convVariant.forward("forward", correlation(shape, "forward"), {
      ...operands(convVariant, "forward", shape),
      bias: "bias",
      input: "x",
      output: "y",
      bits: fused?.bits,
    }),
    ...convVariant.backwardInput("backward", correlation(shape, "backward_input"), {
      ...operands(convVariant, "backward_input", shape),
      input: "dy",
      output: "dx",
      mask: fused?.mask,
    }),
  ];
}

function bothDirections(variant: ConvVariantName, shape: ConvShape): Proof {
  const data = dataOf(shape);
  const { x, dy, weights, bias, w, b, bytes } = data;
  const { sizes, setup } = scratchOf(variantOf(variant), shape);
  return {
    buffers: {
      weights,
      bias,
      x: Float32Array.from(x.data),
      dy: Float32Array.from(dy.data),
      y: bytes.y,
      dx: bytes.x,
      ...sizes,
    },
    dispatches: [...setup, ...passes(variant, shape)],
    check(read) {
      const { inputChannels, outputChannels, padding } = shape;
      const y = twin.conv3x3_forward(x, w, b, padding);
      const dx = twin.conv3x3_backward_input(dy, w, inputChannels, padding);
      const yBound = forwardMagnitude(variant, data, shape);
      const dxBound = backwardMagnitude(variant, data, shape);
      const yFactor = roundingOf(variant, inputChannels);
      const dxFactor = roundingOf(variant, outputChannels);
      const [forward, backward] = [read.f32("y"), read.f32("dx")];
      expectWithin("forward", forward, y.data, yBound.data, yFactor);
      expectWithin("backward", backward, dx.data, dxBound.data, dxFactor);
      checkAdjoint("adjoint", data, forward, backward, yBound, Math.max(yFactor, dxFactor));
    },
  };
}

function packed(shape: ConvShape): Proof {
  const { weights, w } = dataOf(shape);
  const { inputChannels, outputChannels } = shape;
  const names = ["forward", "backward_input"] as const;
  return {
    buffers: {
      weights,
      forward: tapsPacking.bytes(inputChannels, outputChannels),
      backward_input: tapsPacking.bytes(outputChannels, inputChannels),
    },
    dispatches: names.flatMap((pass) =>
      tapsPacking.pack("pack", pass, shape, { weights: "weights", packed: pass }),
    ),
    check(read) {
      const forward = twin.conv3x3_pack_forward(w, outputChannels, inputChannels);
      expectExact("forward", read.f32("forward"), forward);
      const backward = twin.conv3x3_pack_backward_input(w, outputChannels, inputChannels);
      expectExact("backward", read.f32("backward_input"), backward);
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
  factor: number,
) {
  const plane = dy.shape[2] * dy.shape[3];
  const withoutBias = Float64Array.from(y, (value, i) => value - b[Math.floor(i / plane) % b.length]!);
  const magnitude = dot(bound.data, absoluteOf(dy.data));
  expectAdjoint(what, dot(withoutBias, dy.data), dot(x.data, dx), magnitude, factor);
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

interface Fused {
  readonly shape: ConvShape;
  /** Every sum is 0. */
  readonly silent: boolean;
}

function fusedRelu(variant: ConvVariantName, { shape, silent }: Fused): Proof {
  const data = silent ? silenced(dataOf(shape)) : dataOf(shape);
  const { x, dy, weights, bias, w, b, bytes } = data;
  const { inputChannels, outputChannels, padding } = shape;
  const before = tensor(x.shape, noise(5, sizeOf(x.shape)));
  const mask = withJunk(positiveBits(before), x.shape);
  const { sizes, setup } = scratchOf(variantOf(variant), shape);
  return {
    buffers: {
      weights,
      bias,
      mask,
      x: Float32Array.from(x.data),
      dy: Float32Array.from(dy.data),
      y: bytes.y,
      dx: bytes.x,
      bits: positiveBits(dy).byteLength,
      ...sizes,
    },
    dispatches: [...setup, ...passes(variant, shape, { bits: "bits", mask: "mask" })],
    check(read) {
      const y = conv3x3ForwardRelu(x, w, b, padding);
      const yBound = forwardMagnitude(variant, data, shape);
      expectWithin("y", read.f32("y"), y.data, yBound.data, roundingOf(variant, inputChannels));
      // A sum next to 0 may round to either side of it, so the bits are held to the sum that was made.
      expectExact(
        "bits",
        unpackBits(read.u32("bits"), y.shape),
        read.f32("y").map((value) => (value > 0 ? 1 : 0)),
      );
      const dx = conv3x3BackwardInputRelu(before, dy, w, inputChannels, padding);
      const magnitude = twin.relu_backward(backwardMagnitude(variant, data, shape), before);
      expectWithin("dx", read.f32("dx"), dx.data, magnitude.data, roundingOf(variant, outputChannels));
    },
  };
}

function familyCases(variant: ConvVariantName): GpuCase[] {
  const { features, fusesRelu } = variantOf(variant);
  const any = TALL_SHAPES[0] as ConvShape;
  const both = kernelCase(
    entryPoints(passes(variant, any)),
    "both directions, each the transpose of the other",
    winogradTile(variant) ? [...SHAPES, MANY_TILES] : SHAPES,
    (shape) => bothDirections(variant, shape),
    features,
  );
  if (!fusesRelu) return [both];
  const fused = kernelCase(
    entryPoints(passes(variant, any, { bits: "", mask: "" })),
    "fused ReLU, its bits and mask",
    [
      ...TALL_SHAPES.map((shape) => ({ shape, silent: false })),
      { shape: conv(2, [3, 17, 9], 9, 1), silent: true },
    ],
    (parameters) => fusedRelu(variant, parameters),
    features,
  );
  return [both, fused];
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    ["conv3x3_pack_forward", "conv3x3_pack_backward_input"],
    "taps in order of reading, zeros where channels are padded",
    SHAPES,
    packed,
  ),
  ...shownVariants.flatMap(familyCases),
];
