/** What the convolution's cases share: their operands, and how near a variant must come to the twins. */
import type { Dispatch } from "../../src/gpu/dispatch.ts";
import { ZEROS } from "../../src/nn/conv3x3/single.ts";
import {
  type ConvPass,
  type ConvShape,
  type ConvVariant,
  type ConvVariantName,
  convOutputSize,
  convVariantNames,
  correlation,
  OVERFLOW,
  variantOf,
} from "../../src/nn/conv3x3.ts";
import { type Shape4, sizeOf, type Tensor, tensor } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import { type TileSize, winogradMagnitude } from "../reference/winograd.ts";
import { absolute, absoluteOf, halfRoundings, noise, roundings } from "./compare.ts";

export function conv(
  batch: number,
  [inputChannels, inputHeight, inputWidth]: readonly [number, number, number],
  outputChannels: number,
  padding: 0 | 1,
): ConvShape {
  return { batch, inputChannels, inputHeight, inputWidth, outputChannels, padding };
}

export interface Data {
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  /** Weights and bias in float64. */
  readonly w: Float64Array;
  readonly b: Float64Array;
  readonly bytes: Readonly<Record<"x" | "y", number>>;
}

export function dataOf(shape: ConvShape): Data {
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

/** Workspace that kernels read before they write it; all other workspace begins as garbage. */
const READ_AS_ZEROS: ReadonlySet<string> = new Set([ZEROS, OVERFLOW]);

/** Sizes by name, and the setup, of what a variant needs beside the operands of both passes. */
export function scratchOf({ packing, workspace }: ConvVariant, shape: ConvShape) {
  const sizes: Record<string, number | Float32Array<ArrayBuffer>> = {};
  const setup: Dispatch[] = [];
  for (const pass of ["forward", "backward_input"] as const) {
    const { inputChannels, outputChannels, ...sides } = correlation(shape, pass);
    const packed = packedName(pass);
    if (packing) {
      sizes[packed] = packing.bytes(inputChannels, outputChannels);
      setup.push(...packing.pack("pack", pass, shape, { weights: "weights", packed }));
    }
    for (const { name, bytes } of workspace({ inputChannels, outputChannels, ...sides })) {
      const known = sizes[name] ?? 0;
      const most = Math.max(bytes, typeof known === "number" ? known : known.byteLength);
      sizes[name] = READ_AS_ZEROS.has(name) ? new Float32Array(most / 4) : most;
    }
  }
  return { sizes, setup };
}

export function packedName(pass: ConvPass): string {
  return `packed ${pass}`;
}

/** Weights and workspace of one pass of a variant. */
export function operands(convVariant: ConvVariant, pass: ConvPass, shape: ConvShape) {
  const names = convVariant.workspace(correlation(shape, pass)).map(({ name }) => [name, name]);
  const workspace: Readonly<Record<string, string>> = Object.fromEntries(names);
  return { weights: convVariant.packing ? packedName(pass) : "weights", workspace };
}

/** Side of a Winograd variant's output tile. */
export function winogradTile(variant: ConvVariantName): TileSize | undefined {
  const [, side] = /^winograd([24])/.exec(variant) ?? [];
  return side === undefined ? undefined : (Number(side) as TileSize);
}

export function forwardMagnitude(variant: ConvVariantName, { x, w, b }: Data, shape: ConvShape): Tensor {
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

export function backwardMagnitude(variant: ConvVariantName, { dy, w }: Data, shape: ConvShape): Tensor {
  const { inputChannels, outputChannels, padding } = shape;
  const m = winogradTile(variant);
  return m
    ? winogradMagnitude(m, "backward_input", dy, w, outputChannels, inputChannels, 2 - padding)
    : twin.conv3x3_backward_input(absolute(dy), absoluteOf(w), inputChannels, padding);
}

/**
 * Rounding of one product and then 9 sums a channel. Winograd: one sum a channel, and in a row at most five
 * operations for each of the six transforms, divisions counted as three. In half precision both factors are
 * rounded, and then a product and its sums with two more.
 */
export function roundingOf(variant: ConvVariantName, channels: number): number {
  if (winogradTile(variant)) return roundings(2 * channels + 50);
  const sums = roundings(9 * channels + 1);
  return variantOf(variant).precision === "f32" ? sums : sums + halfRoundings(2 + 3);
}

/** Entry points that a variant runs, so that its cases name them. */
export function entryPoints(dispatches: readonly Dispatch[]): string[] {
  return [...new Set(dispatches.map(({ kernel }) => kernel.name))];
}

/** Winograd variants that differ from a tested one in the product alone, which has cases of its own. */
const SAME_BUT_FOR_PRODUCT: ReadonlySet<ConvVariantName> = new Set<ConvVariantName>([
  "winograd2_16x4",
  "winograd2_16x8",
  "winograd2_16x16",
  "winograd4_8x8",
  "winograd4_16x4",
  "winograd4_16x16",
]);

/** The variants that the cases show. */
export const shownVariants = convVariantNames.filter((variant) => !SAME_BUT_FOR_PRODUCT.has(variant));
