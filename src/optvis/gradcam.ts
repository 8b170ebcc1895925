/** Grad-CAM: which positions of a layer speak for an objective. Formulas stand in shaders/gradcam.wgsl. */
import { gradcam_map, gradcam_weights } from "../../shaders/gradcam.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../gpu/dispatch.ts";
import type { Shape } from "../model/network.ts";

export interface GradcamBuffers {
  /** The layer's activation and the objective's gradient there, (N,C,H,W). */
  readonly activation: BufferRef;
  readonly gradient: BufferRef;
  /** Scratch, (N,C). */
  readonly alpha: BufferRef;
  /** (N,1,H,W). */
  readonly cam: BufferRef;
}

/** Weights each channel by its mean gradient, adds the channels up, and cuts negative sums off (Selvaraju et al. 2017). */
export function gradcam(
  batch: number,
  { channels, height, width }: Shape,
  buffers: GradcamBuffers,
): Dispatch[] {
  const area = height * width;
  const uniform = { batch, channels, area };
  const { activation, gradient, alpha, cam } = buffers;
  return [
    dispatch(gradcam_weights, {
      label: "Grad-CAM weights",
      buffers: { gradient, alpha },
      uniform,
      workgroups: [channels, batch, 1],
    }),
    dispatch(gradcam_map, {
      label: "Grad-CAM map",
      buffers: { activation, importance: alpha, cam },
      uniform,
      workgroups: fold(batch * area),
    }),
  ];
}
