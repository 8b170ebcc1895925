/** Sizes of the bits that forward passes leave for backward passes (shaders/lib/bits.wgsl, shaders/lib/pool.wgsl). */
import type { Shape } from "./layer.ts";

/** Bytes of the bits x > 0: words of 4 channels × 8 pixels of a row. */
export function reluBitsBytes(batch: number, { channels, height, width }: Shape): number {
  return 4 * batch * Math.ceil(channels / 4) * height * Math.ceil(width / 8);
}

/** Bytes of the winners of 2×2 windows, for an input of this shape: words of 4 channels × 4 pooled pixels. */
export function poolBitsBytes(batch: number, { channels, height, width }: Shape): number {
  const columns = Math.ceil(Math.floor(width / 2) / 4);
  return 4 * batch * Math.ceil(channels / 4) * Math.floor(height / 2) * columns;
}
