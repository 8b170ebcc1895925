/**
 * Coarse to fine: the first iterations optimise an image of half the size, which then is enlarged and refined.
 * A network sees things at the size it was trained on, and in an image of twice that size draws several; begun
 * small, there is one. (Multiresolution ascent: Mordvintsev et al. 2015, "Inceptionism"; Øygard 2015.)
 */

import { enlarge as kernel } from "../../shaders/enlarge.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../gpu/dispatch.ts";
import type { Size } from "../model/network.ts";

/** Half of it, an odd side rounded up. */
export function coarseSize([height, width]: Size): Size {
  return [Math.ceil(height / 2), Math.ceil(width / 2)];
}

/** Planes of (h,w) at `from` to (H,W) at `to` (formula in shaders/enlarge.wgsl). */
export function enlarge(
  { planes, from, to }: { readonly planes: number; readonly from: Size; readonly to: Size },
  buffers: { readonly input: BufferRef; readonly output: BufferRef },
): Dispatch {
  const [height, width] = to;
  const uniform = { planes, fromHeight: from[0], fromWidth: from[1], height, width };
  return dispatch(kernel, {
    label: "enlarge",
    buffers,
    uniform,
    workgroups: fold(planes * height * width),
    bytes: 4 * planes * (from[0] * from[1] + height * width),
  });
}
