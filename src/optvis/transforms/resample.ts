/** Random scale and random rotation about the centre; outside is grey (formula in shaders/resample.wgsl). */
import { resample_backward, resample_forward } from "../../../shaders/resample.wgsl";
import { dispatch, fold } from "../../gpu/dispatch.ts";
import { coloursOf, ofColours, vectorOf } from "../../nn/preprocess.ts";
import type { Transform, TransformBuffers, TransformContext } from "./transform.ts";

/** The scales and angles to draw from, as in Lucid's `standard_transforms`. */
interface Motion {
  /** Scales evenly over 1 ± scaleRange. */
  readonly scales: number;
  readonly scaleRange: number;
  /** Angles evenly over ± angleRange, in radians, and `level` more cases of no rotation. */
  readonly angles: number;
  readonly angleRange: number;
  readonly level: number;
}

/** One of eleven scales evenly over 1 ± `range` (Lucid: 0.9 to 1.1). */
export function scale(range: number): Transform {
  return resampled(`scale:${range}`, { scales: 11, scaleRange: range, angles: 1, angleRange: 0, level: 0 });
}

/** One of 21 angles evenly over ± `degrees`, or none in five further of 26 cases (Lucid: 10 degrees). */
export function rotate(degrees: number): Transform {
  const angleRange = (degrees * Math.PI) / 180;
  return resampled(`rotate:${degrees}`, { scales: 1, scaleRange: 0, angles: 21, angleRange, level: 5 });
}

function resampled(text: string, motion: Motion): Transform {
  const pass = ({ batch, size, seed, op, strength, fill }: TransformContext, buffers: TransformBuffers) => ({
    ...ofColours(coloursOf(fill)),
    buffers,
    uniform: {
      ...{ batch, height: size[0], width: size[1], ...motion, seed, op, fill: vectorOf(fill) },
      scaleRange: strength * motion.scaleRange,
      angleRange: strength * motion.angleRange,
    },
    workgroups: fold(fill.length * batch * size[0] * size[1]),
    live: {
      seed: { key: "seed", scale: 1 },
      scaleRange: { key: "strength", scale: motion.scaleRange },
      angleRange: { key: "strength", scale: motion.angleRange },
    },
  });
  return {
    text,
    outputSize: (size) => size,
    forward: (place, buffers) =>
      dispatch(resample_forward, { label: `${text} forward`, ...pass(place, buffers) }),
    backward: (place, buffers) =>
      dispatch(resample_backward, { label: `${text} backward`, ...pass(place, buffers) }),
  };
}
