/** Transformation robustness: the image is moved before the network sees it, the gradient moved back. */
import { jitter_backward, jitter_forward } from "../../shaders/jitter.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../gpu/dispatch.ts";

export interface Jitter {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  /** Shifts are uniform in [−jitter, jitter]², circular, each image and iteration its own. */
  readonly jitter: number;
  readonly seed: number;
}

export function jitterPass(
  pass: "forward" | "backward",
  jitter: Jitter,
  buffers: { readonly state: BufferRef; readonly input: BufferRef; readonly output: BufferRef },
): Dispatch {
  return dispatch(pass === "forward" ? jitter_forward : jitter_backward, {
    label: `jitter ${pass}`,
    buffers,
    uniform: { ...jitter },
    workgroups: fold(3 * jitter.batch * jitter.height * jitter.width),
    live: { seed: { key: "seed", scale: 1 } },
  });
}
