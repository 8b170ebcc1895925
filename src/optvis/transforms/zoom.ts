/**
 * MACO's crops (Fel et al. 2023): random boxes enlarged to the whole size, and noise. Formulas: shaders/zoom.wgsl and
 * shaders/grain.wgsl.
 */
import { grain_backward, grain_forward } from "../../../shaders/grain.wgsl";
import { zoom_backward, zoom_forward } from "../../../shaders/zoom.wgsl";
import { dispatch, fold } from "../../gpu/dispatch.ts";
import { coloursOf, ofColours } from "../../nn/preprocess.ts";
import type { Transform, TransformBuffers, TransformContext } from "./transform.ts";

/**
 * A box from half the sides at first to `last` of them at the end of `iterations` (MACO: 50 % to 5 %).
 * @param iterations of the recipe
 */
export function zoom(last: number, iterations: number): Transform {
  const pass = ({ batch, size, seed, op, strength, fill }: TransformContext, buffers: TransformBuffers) => ({
    ...ofColours(coloursOf(fill)),
    buffers,
    uniform: { batch, height: size[0], width: size[1], iterations, last, strength, seed, op },
    workgroups: fold(fill.length * batch * size[0] * size[1]),
    live: { seed: { key: "seed", scale: 1 }, strength: { key: "strength", scale: 1 } },
  });
  const text = `zoom:${last}`;
  return {
    text,
    outputSize: (size) => size,
    forward: (place, buffers) =>
      dispatch(zoom_forward, { label: `${text} forward`, ...pass(place, buffers) }),
    backward: (place, buffers) =>
      dispatch(zoom_backward, { label: `${text} backward`, ...pass(place, buffers) }),
  };
}

/** Noise of standard deviation `sigma` in RGB 0–1 units (MACO: 0.08). */
export function grain(sigma: number): Transform {
  const pass = ({ batch, size, seed, op, strength, fill }: TransformContext, buffers: TransformBuffers) => {
    const stride = fill.length * size[0] * size[1];
    const count = batch * stride;
    const live = { seed: { key: "seed", scale: 1 }, sigma: { key: "strength", scale: sigma } };
    const uniform = { count, stride, sigma: strength * sigma, seed, op };
    return { buffers, uniform, workgroups: fold(count), live };
  };
  const text = `noise:${sigma}`;
  return {
    text,
    outputSize: (size) => size,
    forward: (place, buffers) =>
      dispatch(grain_forward, { label: `${text} forward`, ...pass(place, buffers) }),
    backward: (place, { input, output }) => {
      const { live, ...same } = pass(place, { input, output, state: "" });
      return dispatch(grain_backward, { label: `${text} backward`, ...same, buffers: { input, output } });
    },
  };
}
