/**
 * Parameterizations: which numbers are optimised, and how they make the image. A different one changes the direction of
 * steepest ascent, not the objective (Mordvintsev et al. 2018, "Differentiable Image Parameterizations"). To add one, add
 * its word and label to `param` in `recipe-fields.ts`, write its module, and add it to the table below.
 */

import type { Dispatch } from "../../gpu/dispatch.ts";
import type { Size } from "../../model/network.ts";
import type { Colours } from "../../nn/preprocess.ts";
import type { ParamKind } from "../recipe.ts";
import { cppn } from "./cppn.ts";
import { fourier } from "./fourier.ts";
import { laplacian } from "./laplacian.ts";
import { maco } from "./maco.ts";
import { pixel } from "./pixel.ts";

/** The resident images u = colours − mean, (N,C,H,W). */
export interface Images {
  readonly batch: number;
  readonly size: Size;
  /** Of each colour, in 0–1 units: `coloursOf` tells how many there are. */
  readonly mean: readonly number[];
}

/** Where the passes ask for buffers; a name asked for again is the same buffer. */
export interface Memory {
  buffer(name: string, role: "param" | "workspace", bytes: number): string;
  /** A buffer that is written once, before the first iteration. */
  table(name: string, data: Float32Array<ArrayBuffer>): string;
}

/** How one parameterization makes and unmakes the images of a plan. */
export interface ParamPasses {
  /** Buffers of the numbers optimised and of their gradient, (N,length). */
  readonly values: string;
  readonly gradient: string;
  /** Values to image. */
  readonly forward: readonly Dispatch[];
  /** The image's gradient to the values' gradient. */
  readonly backward: readonly Dispatch[];
}

/** Buffers of planes or images, which forward passes write, and of their gradient, which backward passes read. */
export interface PlaneBuffers {
  readonly image: string;
  readonly gradient: string;
}

/** The same basis for one more plane t, (N,1,H,W); the opacity is σ(slope·t), see `alpha.ts`. */
export interface Plane extends Pick<Param, "plan"> {
  readonly slope: number;
  /** Numbers optimised for one plane. */
  length(size: Size): number;
  /** Numbers that make a given plane. @param plane (H,W) */
  fromPlane(plane: Float64Array, size: Size): Float32Array<ArrayBuffer>;
}

export interface Param {
  /** 1 for every number of one image that makes frequencies up to `cycles` along the longer side, else 0. */
  coarse?(size: Size, cycles: number, colours: Colours): Float32Array<ArrayBuffer>;
  /** Passes that make the images at any size; only where the numbers do not depend on it. */
  draw?(
    images: Images,
    buffers: { readonly values: string; readonly image: string },
    memory: Memory,
  ): Dispatch[];
  /** Numbers optimised for one image. */
  length(size: Size, colours: Colours): number;
  plan(images: Images, buffers: PlaneBuffers, memory: Memory): ParamPasses;
  /** Absent where an image is not made of planes. */
  readonly plane?: Plane;
  /** Values of one image to start from instead of zeros, where zeros have no gradient. */
  zeros?(normal: () => number, size: Size, colours: Colours): Float32Array<ArrayBuffer>;
  /**
   * Values of one image to start from noise.
   * @param normal standard normal numbers, one after the other
   */
  noise(normal: () => number, size: Size, colours: Colours): Float32Array<ArrayBuffer>;
  /**
   * Values that make a given picture: the inverse of the forward passes.
   * @param picture (C,H,W) in 0–1 units
   */
  fromPicture(picture: Float32Array, images: Images): Float32Array<ArrayBuffer>;
}

/** Words and labels are in `recipe-fields.ts`; a kind without its entry here does not compile. */
const PARAMS: Readonly<Record<ParamKind, Param>> = { pixel, fourier, laplacian, cppn, maco };

export function paramOf(kind: ParamKind): Param {
  return PARAMS[kind];
}

/** The kinds that can do something, for a remedy: `fourier, laplacian or maco`. */
export function paramsWith(can: (param: Param) => boolean): string {
  const kinds = Object.entries(PARAMS).flatMap(([kind, param]) => (can(param) ? [kind] : []));
  return kinds.join(", ").replace(/, (?=[^,]*$)/, " or ");
}
