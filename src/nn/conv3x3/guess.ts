/** Which family runs a pass that nothing is known about yet. */
import type { Correlation } from "./shape.ts";

/**
 * Winograd's F(4×4) with the register tile that fills: on CPU drivers it is about three times as fast as a direct
 * convolution from 64 channels on, and no slower below; using it everywhere leaves few kernels to compile. Small
 * layers of few tiles take a narrow product, which wastes less on padding.
 */
export function guessVariant(pass: Correlation): "winograd4_16x4" | "winograd4_16x8" {
  const tiles = pass.batch * Math.ceil(pass.outputHeight / 4) * Math.ceil(pass.outputWidth / 4);
  return tiles <= 4 ? "winograd4_16x4" : "winograd4_16x8";
}
