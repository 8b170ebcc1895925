/**
 * Decorrelated colours (Olah et al. 2017, "Feature Visualization"): the optimizer works along the axes in which
 * the colours of natural images vary, and a sigmoid keeps RGB in 0–1. Grey is one colour, of which the sigmoid alone is
 * taken.
 */
import { colour_backward, colour_forward } from "../../../shaders/colour.wgsl";
import { type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import { type Colours, coloursOf, ofColours, vectorOf } from "../../nn/preprocess.ts";
import type { Images } from "./param.ts";

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/** Square root of the covariance of ImageNet's colours, as Lucid has it. */
const CORRELATION: Matrix = [
  [0.26, 0.09, 0.02],
  [0.27, 0.0, -0.05],
  [0.27, -0.09, 0.03],
];

/** CORRELATION over its largest column norm: from decorrelated colours to RGB before the sigmoid. */
export const colourMatrix: Matrix = normalized(CORRELATION);

/** Colours as they are. */
export const IDENTITY: Matrix = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

function normalized(matrix: Matrix): Matrix {
  const norms = [0, 1, 2].map((k) => Math.hypot(...matrix.map((row) => row[k] as number)));
  const largest = Math.max(...norms);
  return matrix.map((row) => row.map((value) => value / largest)) as unknown as Matrix;
}

/** 0 is taken for this and 1 for 1 less this, since the sigmoid reaches neither. It is well within 1/255. */
const EDGE = 1 / 1024;

/** The inverse of the sigmoid. */
export function logit(value: number): number {
  const within = Math.min(1 - EDGE, Math.max(EDGE, value));
  return Math.log(within / (1 - within));
}

/** Decorrelated colours of a picture, the inverse of `colour_forward`. @param picture (C,area) in 0–1 units */
export function decorrelate(picture: ArrayLike<number>, colours: Colours): Float64Array<ArrayBuffer> {
  return colours === 1 ? Float64Array.from(picture, logit) : decorrelateRgb(picture);
}

function decorrelateRgb(rgb: ArrayLike<number>): Float64Array<ArrayBuffer> {
  const area = rgb.length / 3;
  const inverse = inverted(colourMatrix);
  const x = new Float64Array(rgb.length);
  for (let i = 0; i < area; i++) {
    const logits = [0, 1, 2].map((c) => logit(rgb[c * area + i] as number));
    for (const [k, row] of inverse.entries()) {
      x[k * area + i] = row.reduce((sum, entry, c) => sum + entry * (logits[c] as number), 0);
    }
  }
  return x;
}

/** By cofactors. */
function inverted([a, b, c]: Matrix): Matrix {
  const cross = (u: Triple, v: Triple): Triple => [
    u[1] * v[2] - u[2] * v[1],
    u[2] * v[0] - u[0] * v[2],
    u[0] * v[1] - u[1] * v[0],
  ];
  const columns = [cross(b, c), cross(c, a), cross(a, b)] as const;
  const determinant = a[0] * columns[0][0] + a[1] * columns[0][1] + a[2] * columns[0][2];
  const row = (k: 0 | 1 | 2): Triple => columns.map((column) => column[k] / determinant) as never;
  return [row(0), row(1), row(2)];
}

/** Decorrelated colours (N,C,H,W) to the resident image. */
export function colourForward(
  images: Images,
  buffers: { readonly input: string; readonly output: string },
  matrix = colourMatrix,
): Dispatch {
  return dispatch(colour_forward, { label: "colour forward", buffers, ...optionsOf(images, matrix) });
}

/** The image's gradient, `input`, to that of the decorrelated colours, `output`. */
export function colourBackward(
  images: Images,
  buffers: { readonly input: string; readonly output: string; readonly image: string },
  matrix = colourMatrix,
): Dispatch {
  return dispatch(colour_backward, { label: "colour backward", buffers, ...optionsOf(images, matrix) });
}

function optionsOf({ batch, size, mean }: Images, matrix: Matrix) {
  const area = size[0] * size[1];
  const colours = coloursOf(mean);
  const rows = colours === 1 ? IDENTITY : matrix;
  const [red, green, blue] = rows.map(vectorOf) as [number[], number[], number[]];
  return {
    ...ofColours(colours),
    uniform: { batch, area, red, green, blue, mean: vectorOf(mean) },
    workgroups: fold(batch * area),
  };
}
