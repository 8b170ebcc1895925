/** What kind of adapter a device comes from, by what the adapter says of itself. */

/** What adapters have in common that kernels are chosen by. */
export type AdapterKind = "llvmpipe" | "software" | "desktop" | "mobile";

/** As much of `GPUAdapterInfo` as tells the kind; browsers leave empty what they do not tell. */
export type AdapterTraits = Partial<
  Pick<GPUAdapterInfo, "vendor" | "architecture" | "description" | "isFallbackAdapter">
>;

/** Names of vendors as WebGPU reports them (dawn's `gpu_info.json`), by the kind of what they make. */
const VENDORS: Readonly<Record<string, AdapterKind>> = {
  ...{ nvidia: "desktop", amd: "desktop", intel: "desktop", apple: "desktop" },
  ...{ qualcomm: "mobile", arm: "mobile", "img-tec": "mobile", samsung: "mobile", broadcom: "mobile" },
};

/** CPU drivers of Vulkan and Direct3D, other than Mesa's. */
const SOFTWARE = /swiftshader|warp|basic render/i;
/** Mesa's, which has vectors of 8 where the others have 4. */
const LLVMPIPE = /llvmpipe|lavapipe/i;

/** @returns undefined where the adapter does not say enough */
export function adapterKind(info: AdapterTraits | undefined): AdapterKind | undefined {
  if (!info) return undefined;
  const { vendor = "", architecture = "", description = "", isFallbackAdapter } = info;
  const names = `${architecture} ${description}`;
  if (SOFTWARE.test(names)) return "software";
  // Firefox names nothing, but says what is a fallback.
  if (isFallbackAdapter || LLVMPIPE.test(names)) return "llvmpipe";
  return VENDORS[vendor.toLowerCase()];
}
