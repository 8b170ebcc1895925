/**
 * Which convolution kernels run where nothing is pinned and nothing was measured, by kind of adapter. A first run waits for
 * no tuning, so it runs what is guessed here; the next start takes what was found faster.
 */
import type { ConvVariant, Correlation } from "../nn/conv3x3.ts";
import type { ChooseVariant } from "./steps.ts";

/** What adapters have in common that kernels are chosen by. */
export type AdapterKind = "software" | "desktop" | "mobile";

/** As much of `GPUAdapterInfo` as tells the kind; browsers leave empty what they do not tell. */
export type AdapterTraits = Partial<
  Pick<GPUAdapterInfo, "vendor" | "architecture" | "description" | "isFallbackAdapter">
>;

/** Names of vendors as WebGPU reports them (dawn's `gpu_info.json`), by the kind of what they make. */
const VENDORS: Readonly<Record<string, AdapterKind>> = {
  ...{ nvidia: "desktop", amd: "desktop", intel: "desktop", apple: "desktop" },
  ...{ qualcomm: "mobile", arm: "mobile", "img-tec": "mobile", samsung: "mobile", broadcom: "mobile" },
};

/** CPU drivers of Vulkan and Direct3D. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|warp|basic render/i;

/** @returns undefined where the adapter does not say enough */
export function adapterKind(info: AdapterTraits | undefined): AdapterKind | undefined {
  if (!info) return undefined;
  const { vendor = "", architecture = "", description = "", isFallbackAdapter } = info;
  if (isFallbackAdapter || SOFTWARE.test(`${architecture} ${description}`)) return "software";
  return VENDORS[vendor.toLowerCase()];
}

/**
 * The product of Winograd's F(4×4), by register tile. On software adapters measured: TABLE
 *
 * On GPUs nothing was measured; this is reasoned from their registers. An invocation keeps a sum in a register for each
 * channel × tile: 128 for `16x8`, which leaves a GPU few threads to hide memory behind, 64 for `8x8`. Phones' GPUs spill
 * even those; `workgroup` keeps 32 sums, at four times the products.
 */
const GUESSES: Readonly<Record<AdapterKind, ConvVariant>> = {
  software: "winograd4_16x8",
  desktop: "winograd4_8x8",
  mobile: "workgroup",
};

/** Fewest channels on both sides for which tiles pay: fewer leave most of a tile's channels empty. */
const TILED_CHANNELS = 8;

/** What an adapter is given that is not known. */
export const defaultVariant: ChooseVariant = guessFor(undefined);

/** The table's choice by the shape of a pass. */
export function guessFor(info: AdapterTraits | undefined): ChooseVariant {
  const variant = GUESSES[adapterKind(info) ?? "software"];
  return (_layer, _pass, shape) => (isNarrow(shape) ? "single" : variant);
}

/** For the image's few channels, the pipeline that the first iterations have compiled. */
function isNarrow({ inputChannels, outputChannels }: Correlation): boolean {
  return Math.min(inputChannels, outputChannels) < TILED_CHANNELS;
}
