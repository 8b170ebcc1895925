/** From the resident image u = RGB − mean, (N,3,H,W), to the network's input, and its gradient back. */
import { preprocess_backward, preprocess_forward } from "../../shaders/preprocess.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../gpu/dispatch.ts";
import type { Preprocessing } from "../model/preprocess.ts";

export function preprocessForward(
  batch: number,
  area: number,
  preprocessing: Preprocessing,
  buffers: { readonly input: BufferRef; readonly output: BufferRef },
): Dispatch {
  return dispatch(preprocess_forward, {
    label: "preprocess forward",
    buffers,
    ...channels(batch, area, preprocessing),
  });
}

export function preprocessBackward(
  batch: number,
  area: number,
  preprocessing: Preprocessing,
  buffers: { readonly outputGradient: BufferRef; readonly inputGradient: BufferRef },
): Dispatch {
  return dispatch(preprocess_backward, {
    label: "preprocess backward",
    buffers,
    ...channels(batch, area, preprocessing),
  });
}

function channels(batch: number, area: number, { order, scale }: Preprocessing) {
  return {
    uniform: { area, batch, order: [...order, 0], scale: [...scale, 0] },
    workgroups: fold(3 * batch * area),
    bytes: 2 * 4 * 3 * batch * area,
  };
}
