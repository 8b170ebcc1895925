/** L2 decay toward the zero input, a part of the objective; and Gaussian blur of the image between steps. */
import { blur_columns, blur_rows } from "../../shaders/blur.wgsl";
import { l2_backward, l2_forward } from "../../shaders/objective.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../gpu/dispatch.ts";
import type { Preprocessing } from "../model/preprocess.ts";
import { PARTIALS } from "./reduce.ts";

/** Simonyan et al. 2013: −l2·Σ(network input)², on the resident image (N,3,area). */
export interface Decay {
  readonly batch: number;
  readonly area: number;
  readonly l2: number;
  readonly slot: number;
}

/** Its value, as partial sums in `slot`. */
export function l2Forward(
  decay: Decay,
  preprocessing: Preprocessing,
  buffers: { readonly image: BufferRef; readonly partials: BufferRef },
): Dispatch {
  return dispatch(l2_forward, {
    label: "l2 forward",
    buffers,
    uniform: decayUniform(decay, preprocessing),
    workgroups: [PARTIALS, decay.batch, 1],
    bytes: 4 * 3 * decay.batch * decay.area,
    live: { l2: { key: "l2", scale: 1 } },
  });
}

/** Its gradient, added to the image's. */
export function l2Backward(
  decay: Decay,
  preprocessing: Preprocessing,
  buffers: { readonly image: BufferRef; readonly gradient: BufferRef },
): Dispatch {
  return dispatch(l2_backward, {
    label: "l2 backward",
    buffers,
    uniform: decayUniform(decay, preprocessing),
    workgroups: fold(3 * decay.batch * decay.area),
    bytes: 3 * 4 * 3 * decay.batch * decay.area,
    live: { l2: { key: "l2", scale: 1 } },
  });
}

/** `scale` of the uniform is by RGB channel; the preprocessing's is by network channel. */
function decayUniform({ batch, area, l2, slot }: Decay, { order, scale }: Preprocessing) {
  const byColour = [0, 1, 2].map((colour) => scale[order.indexOf(colour) as 0 | 1 | 2]);
  return { batch, area, l2, slot, scale: [...byColour, 0] };
}

/** Yosinski et al. 2015: rows from `image` to `scratch`, then columns back. σ in pixels. */
export function blur(
  shape: { readonly planes: number; readonly height: number; readonly width: number; readonly sigma: number },
  buffers: { readonly image: BufferRef; readonly scratch: BufferRef },
): Dispatch[] {
  const { image, scratch } = buffers;
  const options = {
    uniform: shape,
    workgroups: fold(shape.planes * shape.height * shape.width),
    bytes: 2 * 4 * shape.planes * shape.height * shape.width,
    live: { sigma: { key: "blur", scale: 1 } },
  };
  return [
    dispatch(blur_rows, { label: "blur rows", buffers: { input: image, output: scratch }, ...options }),
    dispatch(blur_columns, { label: "blur columns", buffers: { input: scratch, output: image }, ...options }),
  ];
}
