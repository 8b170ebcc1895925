/** The steps of Winograd's convolution on their own; as a whole they are among conv3x3's cases. */
import {
  conv3x3_winograd_multiply_8x8,
  conv3x3_winograd_multiply_16x4,
  conv3x3_winograd_multiply_16x8,
  conv3x3_winograd_multiply_16x16,
} from "../../shaders/conv3x3_winograd_multiply.wgsl";
import { dispatch, fold } from "../../src/gpu/dispatch.ts";
import { type ConvVariantName, variantOf } from "../../src/nn/conv3x3.ts";
import { sizeOf, tensor } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import { absoluteTransforms, type TileSize, winogradInput, winogradPack } from "../reference/winograd.ts";
import type { GpuCase } from "../stacks/case.ts";
import { absolute, absoluteOf, DIVISION, expectWithin, noise, roundings } from "../support/compare.ts";
import { kernelCase, type Proof } from "../support/execute.ts";

const products = [
  { kernel: conv3x3_winograd_multiply_8x8, channels: 8, tiles: 8 },
  { kernel: conv3x3_winograd_multiply_16x4, channels: 16, tiles: 4 },
  { kernel: conv3x3_winograd_multiply_16x8, channels: 16, tiles: 8 },
  { kernel: conv3x3_winograd_multiply_16x16, channels: 16, tiles: 16 },
] as const;

type Product = (typeof products)[number];

interface ProductShape {
  readonly points: number;
  readonly channels: number;
  /** Register tiles along the channels and the tiles of the output. */
  readonly across: readonly [channels: number, tiles: number];
}

/** One and more register tiles, workgroups full and not. */
const PRODUCT_SHAPES: readonly ProductShape[] = [
  { points: 16, channels: 1, across: [2, 1] },
  { points: 36, channels: 5, across: [2, 3] },
  { points: 16, channels: 17, across: [6, 2] },
];

function multiplied({ kernel, ...tile }: Product, { points, channels, across }: ProductShape): Proof {
  const [paddedChannels, paddedTiles] = [across[0] * 16, across[1] * tile.tiles];
  const u = noise(1, points * channels * paddedChannels);
  const v = noise(2, points * channels * paddedTiles);
  const invocations = points * (paddedChannels / tile.channels) * across[1];
  return {
    buffers: { weights: u, transformed: v, products: 4 * points * paddedTiles * paddedChannels },
    dispatches: [
      dispatch(kernel, {
        label: "product",
        buffers: { weights: "weights", transformed: "transformed", products: "products" },
        uniform: { channels, paddedChannels, paddedTiles, points },
        workgroups: fold(invocations, 32),
      }),
    ],
    check(read) {
      const sizes = { points, channels, tiles: paddedTiles, outputs: paddedChannels };
      const [exactU, exactV] = [Float64Array.from(u), Float64Array.from(v)];
      const expected = twin.conv3x3_winograd_multiply_8x8(exactU, exactV, sizes);
      const magnitude = twin.conv3x3_winograd_multiply_8x8(absoluteOf(exactU), absoluteOf(exactV), sizes);
      expectWithin("M", read.f32("products"), expected, magnitude, roundings(2 * channels));
    },
  };
}

const TILE_SIZES = [2, 4] as const;
const PASSES = ["forward", "backward_input"] as const;
/** A variant of either size; here it does not matter which. */
const VARIANT: Readonly<Record<TileSize, ConvVariantName>> = { 2: "winograd2_8x8", 4: "winograd4_16x8" };

const PLANES = [
  [1, 1, 1, 1],
  [2, 3, 5, 9],
  [1, 2, 8, 4],
] as const;

/** The first dispatch of a whole pass: tiles of x, and nothing where tiles are padded. */
function entered(m: TileSize, { plane, pad }: { plane: (typeof PLANES)[number]; pad: 0 | 1 | 2 }): Proof {
  const x = tensor(plane, noise(3, sizeOf(plane)));
  const [batch, inputChannels, inputHeight, inputWidth] = plane;
  const [outputHeight, outputWidth] = [inputHeight + 2 * pad - 2, inputWidth + 2 * pad - 2];
  const sides = { batch, inputChannels, inputHeight, inputWidth, outputHeight, outputWidth };
  const pass = { ...sides, outputChannels: 1, pad };
  const convVariant = variantOf(VARIANT[m]);
  const [transformed, sums] = convVariant.workspace(pass);
  const buffers = { weights: "w", bias: "b", input: "x", output: "y" };
  const workspace = { [transformed!.name]: "transformed", [sums!.name]: "products" };
  const [enter] = convVariant.forward("forward", pass, { ...buffers, workspace });
  return {
    buffers: { x: Float32Array.from(x.data), transformed: transformed!.bytes },
    dispatches: [enter!],
    check(read) {
      const tiles = batch * Math.ceil(outputHeight / m) * Math.ceil(outputWidth / m);
      const padded = transformed!.bytes / 4 / (m + 2) ** 2 / inputChannels;
      const got = read.f32("transformed").filter((_, i) => i % padded < tiles);
      const expected = winogradInput(m, x, pad, tiles);
      const largest = winogradInput(m, absolute(x), pad, tiles, absoluteTransforms(m));
      // Either transform is at most five operations in a row, an fma counted as two.
      expectWithin("V", got, expected, largest, roundings(2 * 5));
    },
  };
}

interface Filters {
  readonly outputs: number;
  readonly inputs: number;
}

function packed(m: TileSize, { outputs, inputs }: Filters): Proof {
  const weights = noise(4, outputs * inputs * 9);
  const { packing } = variantOf(VARIANT[m]);
  const shape = { inputChannels: inputs, outputChannels: outputs };
  const exact = Float64Array.from(weights);
  return {
    buffers: {
      weights,
      forward: packing!.bytes(inputs, outputs),
      backward_input: packing!.bytes(outputs, inputs),
    },
    dispatches: PASSES.flatMap((pass) =>
      packing!.pack("pack", pass, shape, { weights: "weights", packed: pass }),
    ),
    check(read) {
      for (const pass of PASSES) {
        const expected = winogradPack(m, pass, exact, outputs, inputs);
        const largest = winogradPack(m, pass, absoluteOf(exact), outputs, inputs, absoluteTransforms(m));
        expectWithin(pass, read.f32(pass), expected, largest, roundings(2 * (4 + DIVISION)));
      }
    },
  };
}

export const cases: readonly GpuCase[] = [
  ...products.map((product) =>
    kernelCase([product.kernel.name], "sums over channels", PRODUCT_SHAPES, (shape) =>
      multiplied(product, shape),
    ),
  ),
  ...TILE_SIZES.flatMap((m) => [
    kernelCase(
      [`conv3x3_winograd${m}_input`],
      "tiles of the input, zero outside",
      PLANES.flatMap((plane) => ([0, 1, 2] as const).map((pad) => ({ plane, pad }))).filter(
        ({ plane, pad }) => plane[2] + 2 * pad > 2 && plane[3] + 2 * pad > 2,
      ),
      (parameters) => entered(m, parameters),
    ),
    kernelCase(
      [`conv3x3_pack_forward_winograd${m}`, `conv3x3_pack_backward_input_winograd${m}`],
      "filters transformed, zeros where channels are padded",
      [
        { outputs: 1, inputs: 1 },
        { outputs: 17, inputs: 3 },
        { outputs: 5, inputs: 16 },
      ],
      (filters) => packed(m, filters),
    ),
  ]),
];
