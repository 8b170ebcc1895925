import type { Dispatch } from "../../src/gpu/dispatch.ts";
import { tapsPacking } from "../../src/nn/conv3x3/packing.ts";
import {
  type ConvFamily,
  type ConvPass,
  type ConvShape,
  type ConvVariant,
  convFamily,
  convOutputSize,
  convVariants,
  correlation,
} from "../../src/nn/conv3x3.ts";
import { maxpoolForward, poolBitsBytes } from "../../src/nn/maxpool.ts";
import { positiveBits, unpackBits, unpackPooledBits, unpackWinners } from "../reference/bits.ts";
import {
  conv3x3BackwardInputRelu,
  conv3x3ForwardRelu,
  conv3x3ForwardReluPool,
} from "../reference/conv3x3-relu.ts";
import { type Shape4, sizeOf, type Tensor, tensor, zeros } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import { type TileSize, winogradMagnitude } from "../reference/winograd.ts";
import type { GpuCase } from "../stacks/case.ts";
import {
  absolute,
  absoluteOf,
  dot,
  expectAdjoint,
  expectExact,
  expectWithin,
  halfRoundings,
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

interface Data {
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  /** Weights and bias in float64. */
  readonly w: Float64Array;
  readonly b: Float64Array;
  readonly bytes: Readonly<Record<"x" | "y", number>>;
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
    bytes: { x: 4 * sizeOf(input), y: 4 * sizeOf(output) },
  };
}

/** Sizes by name, and the setup, of what a family needs beside the operands of both passes. */
function scratchOf({ packing, workspace }: ConvFamily, shape: ConvShape) {
  const sizes: Record<string, number | Float32Array<ArrayBuffer>> = {};
  const setup: Dispatch[] = [];
  for (const pass of ["forward", "backward_input"] as const) {
    const { inputChannels, outputChannels, ...sides } = correlation(shape, pass);
    const packed = packedName(pass);
    if (packing) {
      sizes[packed] = packing.bytes(inputChannels, outputChannels);
      setup.push(...packing.pack("pack", pass, shape, { weights: "weights", packed }));
    }
    for (const { name, bytes, zeros } of workspace({ inputChannels, outputChannels, ...sides })) {
      const known = sizes[name] ?? 0;
      const most = Math.max(bytes, typeof known === "number" ? known : known.byteLength);
      sizes[name] = zeros ? new Float32Array(most / 4) : most;
    }
  }
  return { sizes, setup };
}

function packedName(pass: ConvPass): string {
  return `packed ${pass}`;
}

/** Weights and workspace of one pass of a family. */
function operands(family: ConvFamily, pass: ConvPass, shape: ConvShape) {
  const names = family.workspace(correlation(shape, pass)).map(({ name }) => [name, name]);
  const workspace: Readonly<Record<string, string>> = Object.fromEntries(names);
  return { weights: family.packing ? packedName(pass) : "weights", workspace };
}

/** Both passes of a family between buffers x, y, dy and dx; given, bits and mask fuse the ReLU. */
function passes(
  variant: ConvVariant,
  shape: ConvShape,
  fused?: { readonly bits: string; readonly mask: string },
) {
  const family = convFamily(variant);
  return [
    ...family.forward("forward", correlation(shape, "forward"), {
      ...operands(family, "forward", shape),
      bias: "bias",
      input: "x",
      output: "y",
      bits: fused?.bits,
    }),
    ...family.backwardInput("backward", correlation(shape, "backward_input"), {
      ...operands(family, "backward_input", shape),
      input: "dy",
      output: "dx",
      mask: fused?.mask,
    }),
  ];
}

/** Side of a Winograd variant's output tile. */
function winogradTile(variant: ConvVariant): TileSize | undefined {
  const [, side] = /^winograd([24])/.exec(variant) ?? [];
  return side === undefined ? undefined : (Number(side) as TileSize);
}

function forwardMagnitude(variant: ConvVariant, { x, w, b }: Data, shape: ConvShape): Tensor {
  const { inputChannels, outputChannels, padding } = shape;
  const m = winogradTile(variant);
  if (!m) return twin.conv3x3_forward(absolute(x), absoluteOf(w), absoluteOf(b), padding);
  const sums = winogradMagnitude(m, "forward", x, w, outputChannels, inputChannels, padding);
  const area = sums.shape[2] * sums.shape[3];
  return tensor(
    sums.shape,
    sums.data.map((value, i) => value + Math.abs(b[Math.floor(i / area) % b.length]!)),
  );
}

function backwardMagnitude(variant: ConvVariant, { dy, w }: Data, shape: ConvShape): Tensor {
  const { inputChannels, outputChannels, padding } = shape;
  const m = winogradTile(variant);
  return m
    ? winogradMagnitude(m, "backward_input", dy, w, outputChannels, inputChannels, 2 - padding)
    : twin.conv3x3_backward_input(absolute(dy), absoluteOf(w), inputChannels, padding);
}

/**
 * Rounding of one product and then 9 sums a channel. Winograd: one sum a channel, and in a row at most five
 * operations for each of the six transforms, divisions counted as three. In half precision both factors are
 * rounded, and then the products of a channel and their sums.
 */
function roundingOf(variant: ConvVariant, channels: number): number {
  if (winogradTile(variant)) return roundings(2 * channels + 50);
  const sums = roundings(9 * channels + 1);
  return convFamily(variant).precision === "f32" ? sums : sums + halfRoundings(2 + 2 * 9);
}

function bothDirections(variant: ConvVariant, shape: ConvShape): Proof {
  const data = dataOf(shape);
  const { x, dy, weights, bias, w, b, bytes } = data;
  const { sizes, setup } = scratchOf(convFamily(variant), shape);
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

function fusedRelu(variant: ConvVariant, { shape, silent }: Fused): Proof {
  const data = silent ? silenced(dataOf(shape)) : dataOf(shape);
  const { x, dy, weights, bias, w, b, bytes } = data;
  const { inputChannels, outputChannels, padding } = shape;
  const before = tensor(x.shape, noise(5, sizeOf(x.shape)));
  const mask = withJunk(positiveBits(before), x.shape);
  const { sizes, setup } = scratchOf(convFamily(variant), shape);
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

/** Around the tile of 8 channels × 4 windows of 2×2; odd outputs lose their last row or column. */
const POOLED_SHAPES: readonly ConvShape[] = [
  conv(1, [1, 2, 2], 1, 1),
  conv(1, [2, 5, 4], 3, 0),
  conv(2, [3, 5, 7], 8, 1),
  conv(1, [8, 6, 8], 7, 1),
  conv(1, [7, 7, 9], 9, 1),
  conv(2, [9, 8, 19], 10, 0),
  conv(3, [5, 33, 18], 17, 1),
  conv(1, [4, 66, 16], 33, 1),
];

/** With `tied`, all sums of a channel are its bias, so that every window is a tie. */
interface FusedPool {
  readonly shape: ConvShape;
  readonly tied: boolean;
}

/** The forward pass with the max-pool fused, and with the max-pool apart, whose results it must have to the bit. */
function poolPasses(variant: ConvVariant, shape: ConvShape): Dispatch[] {
  const family = convFamily(variant);
  const pass = correlation(shape, "forward");
  const { outputChannels: channels, outputHeight: height, outputWidth: width } = pass;
  const buffers = { ...operands(family, "forward", shape), bias: "bias", input: "x" };
  return [
    ...family.forward("fused", pass, { ...buffers, output: "y", bits: "bits", winners: "winners" }),
    ...family.forward("apart", pass, { ...buffers, output: "relu", bits: "reluBits" }),
    maxpoolForward(
      "pool",
      shape.batch,
      { channels, height, width },
      { input: "relu", output: "apart", winners: "apartWinners" },
    ),
  ];
}

function fusedPool(variant: ConvVariant, { shape, tied }: FusedPool): Proof {
  const made = dataOf(shape);
  const data = tied ? { ...made, x: zeros(made.x.shape) } : made;
  const { x, weights, bias, w, b, dy, bytes } = data;
  const { inputChannels, padding } = shape;
  const y = conv3x3ForwardReluPool(x, w, b, padding);
  const [batch, channels, height, width] = dy.shape;
  const sizes = {
    y: 4 * sizeOf(y.output.shape),
    bits: positiveBits(dy).byteLength,
    winners: poolBitsBytes(batch, { channels, height, width }),
  };
  const scratch = scratchOf(convFamily(variant), shape);
  return {
    buffers: {
      ...{ weights, bias, x: Float32Array.from(x.data), relu: bytes.y, reluBits: sizes.bits },
      ...{ apart: sizes.y, apartWinners: sizes.winners, ...sizes, ...scratch.sizes },
    },
    dispatches: [...scratch.setup, ...poolPasses(variant, shape)],
    check(read) {
      const bound = twin.maxpool_forward(forwardMagnitude(variant, data, shape)).output;
      expectWithin("y", read.f32("y"), y.output.data, bound.data, roundingOf(variant, inputChannels));
      expectExact("words of y", read.u32("y"), read.u32("apart"));
      const winnersIn = (name: string) => unpackWinners(read.u32(name), y.output.shape);
      expectExact("winners", winnersIn("winners"), winnersIn("apartWinners"));
      if (tied) expectExact("ties", winnersIn("winners"), y.winners);
      const [bits, apart] = [read.u32("bits"), read.u32("reluBits")];
      expectExact("bits", unpackPooledBits(bits, dy.shape), unpackPooledBits(apart, dy.shape));
    },
  };
}

/** Entry points that a family runs, so that its cases name them. */
function entryPoints(dispatches: readonly Dispatch[]): string[] {
  return [...new Set(dispatches.map(({ kernel }) => kernel.name))];
}

function familyCases(variant: ConvVariant): GpuCase[] {
  const { features, fusesRelu, fusesPool } = convFamily(variant);
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
  if (!fusesPool) return [both, fused];
  const pooled = kernelCase(
    entryPoints(poolPasses(variant, any)),
    "fused max-pool, to the bit as apart",
    [
      ...POOLED_SHAPES.map((shape) => ({ shape, tied: false })),
      { shape: conv(2, [3, 9, 17], 9, 1), tied: true },
    ],
    (parameters) => fusedPool(variant, parameters),
    features,
  );
  return [both, fused, pooled];
}

/** Winograd variants that differ from a tested one in the product alone, which has cases of its own. */
const SAME_BUT_FOR_PRODUCT: ReadonlySet<ConvVariant> = new Set<ConvVariant>([
  "winograd2_16x4",
  "winograd2_16x8",
  "winograd2_16x16",
  "winograd4_8x8",
  "winograd4_16x4",
  "winograd4_16x16",
]);

export const cases: readonly GpuCase[] = [
  kernelCase(
    ["conv3x3_pack_forward", "conv3x3_pack_backward_input"],
    "taps in order of reading, zeros where channels are padded",
    SHAPES,
    packed,
  ),
  ...convVariants.filter((variant) => !SAME_BUT_FOR_PRODUCT.has(variant)).flatMap(familyCases),
];
