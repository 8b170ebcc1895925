/**
 * Guesses, by kind of adapter, which variant of the convolution kernels is fastest. A first start waits for no tuning, so
 * it runs the guess. The next start takes what tuning found faster.
 */
import { type AdapterKind, type AdapterTraits, adapterKind } from "../../gpu/adapter.ts";
import type { ChooseVariant, ConvVariantName, Correlation } from "../../nn/conv3x3.ts";

/** A variant of Winograd's kernels as the table knows it. */
interface Candidate {
  readonly variant: ConvVariantName;
  /** Side of an output tile, and tiles that one invocation of the product makes. */
  readonly side: 2 | 4;
  readonly tiles: number;
  /** Products a second, where there are tiles enough, relative to the fastest of the list. */
  readonly rate: number;
}

/**
 * The fewest products win, on tiles rounded up to those of an invocation: of a map of 8×8, `winograd4_16x8` makes twice as
 * many as it needs, of one of 4×4 eight times.
 *
 * CPU drivers, measured 26 November 2026 on VGG-16's shapes at 64² (GFLOP/s of the direct convolution in Firefox and Dawn on
 * lavapipe, and in Chromium on SwiftShader): 256 channels of 16×16 `winograd4_16x8` 128, 76, 28, next `winograd4_8x8`
 * 101, 64, 21; 512 of 8×8 `winograd4_16x4` 110, 56, 20 and `winograd4_16x8` 75, 42, 14; 512 of 4×4 `winograd2_16x4` 52,
 * 33, 12 and `winograd4_16x8` 20, 11, 4. The direct kernels lie between 12 and 34 in Firefox. With `winograd4_16x16` instead
 * of `16x8` an iteration of VGG-19 to relu3_3 at 64² to 512² is 4 to 17 % faster in Firefox and 5 to 11 % in Dawn on
 * lavapipe, and 12 % slower in Chromium on SwiftShader.
 *
 * GPUs, not measured: an invocation keeps a sum in a register for each channel × tile, 128 of them for `16x8`, which leaves
 * a GPU few threads to hide memory behind, 64 for `8x8`.
 */
const WINOGRAD: Readonly<Record<Exclude<AdapterKind, "mobile">, readonly Candidate[]>> = {
  llvmpipe: [
    { variant: "winograd4_16x16", side: 4, tiles: 16, rate: 1 },
    { variant: "winograd4_16x8", side: 4, tiles: 8, rate: 0.9 },
    { variant: "winograd4_16x4", side: 4, tiles: 4, rate: 0.65 },
    { variant: "winograd2_16x4", side: 2, tiles: 4, rate: 0.65 },
  ],
  software: [
    { variant: "winograd4_16x8", side: 4, tiles: 8, rate: 1 },
    { variant: "winograd4_16x4", side: 4, tiles: 4, rate: 0.72 },
    { variant: "winograd2_16x4", side: 2, tiles: 4, rate: 0.72 },
  ],
  desktop: [
    { variant: "winograd4_8x8", side: 4, tiles: 8, rate: 1 },
    { variant: "winograd2_8x8", side: 2, tiles: 8, rate: 1 },
  ],
};

/** Fewest channels on both sides for which transforming tiles pays. */
const WINOGRAD_CHANNELS = 8;

/** What an adapter is given that is not known. */
export const defaultVariant: ChooseVariant = guessFor(undefined);

/** The table's choice by the shape of a pass; for the image's few channels what the first iterations have compiled. */
export function guessFor(info: AdapterTraits | undefined): ChooseVariant {
  const kind = adapterKind(info) ?? "software";
  return (_layer, _pass, shape) => {
    if (Math.min(shape.inputChannels, shape.outputChannels) < WINOGRAD_CHANNELS) return "single";
    // Phones' GPUs have registers for the 32 sums of `workgroup`, not measured either.
    return kind === "mobile" ? "workgroup" : fewestProducts(WINOGRAD[kind], shape);
  };
}

function fewestProducts(candidates: readonly Candidate[], shape: Correlation): ConvVariantName {
  const cost = ({ side, tiles, rate }: Candidate): number => {
    const needed = shape.batch * Math.ceil(shape.outputHeight / side) * Math.ceil(shape.outputWidth / side);
    return ((side + 2) ** 2 * tiles * Math.ceil(needed / tiles)) / rate;
  };
  return candidates.reduce((best, one) => (cost(one) < cost(best) ? one : best)).variant;
}
