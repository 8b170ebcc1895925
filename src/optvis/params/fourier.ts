/**
 * Fourier: the image's spectrum is optimised, scaled so that all frequencies have the energy they have in
 * natural images, in decorrelated colours and through a sigmoid (Olah et al. 2017; the numbers are Lucid's).
 */
import {
  fourier_columns_backward,
  fourier_columns_forward,
  fourier_rows_backward,
  fourier_rows_forward,
} from "../../../shaders/fourier.wgsl";
import { type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import { colourBackward, colourForward, decorrelate } from "./colour.ts";
import type { Images, Memory, Param, Size } from "./param.ts";
import { bins, frequencyNorms, lowBins, realTransform, turns } from "./spectrum.ts";

/** Standard deviation of the noise start (Lucid: sd=0.01). */
const NOISE = 0.01;
/** Lucid divides the transform of the scaled spectrum by this. */
const DIVISOR = 4;

/** What the numbers optimised are multiplied with: √(W·H) / max(f, 1/max(W,H)) / 4, for f in cycles a pixel. */
export function spectrumScale([height, width]: Size): Float64Array {
  const least = 1 / Math.max(height, width);
  return frequencyNorms([height, width]).map((f) => Math.sqrt(width * height) / Math.max(f, least) / DIVISOR);
}

/** Numbers of one image: 3 colours, H rows and ⌊W/2⌋+1 columns of frequencies, real and imaginary. */
function length(size: Size): number {
  return 3 * size[0] * bins(size) * 2;
}

export const fourier: Param = {
  length,
  coarse: (size, cycles) => lowBins(size, cycles, { planes: 3, times: 2 }),
  plan(images, { image, gradient }, memory) {
    const { batch, size } = images;
    const bytes = 4 * batch * length(size);
    const values = memory.buffer("spectrum", "param", bytes);
    const valuesGradient = memory.buffer("spectrum.gradient", "param", bytes);
    const colours = memory.buffer("colours", "workspace", 4 * 3 * batch * size[0] * size[1]);
    const scale = memory.table("spectrum.scale", Float32Array.from(spectrumScale(size)));
    const passes = inverseTransform(images, { scale, planes: 1 }, memory);
    return {
      values,
      gradient: valuesGradient,
      forward: [...passes.forward(values, colours), colourForward(images, { input: colours, output: image })],
      backward: [
        colourBackward(images, { input: gradient, output: colours, image }),
        ...passes.backward(colours, valuesGradient),
      ],
    };
  },
  noise: (normal, size) => Float32Array.from({ length: length(size) }, () => NOISE * normal()),
  fromRgb(rgb, { size }) {
    const spectrum = coloursSpectrum(rgb, size);
    const scale = spectrumScale(size);
    return Float32Array.from(spectrum, (value, i) => value / (scale[(i >> 1) % scale.length] as number));
  },
};

/** Spectra of the three decorrelated colours of a picture, (3,H,⌊W/2⌋+1) complex. @param rgb (3,H,W) */
export function coloursSpectrum(rgb: ArrayLike<number>, size: Size): Float64Array {
  const colours = decorrelate(rgb);
  const area = size[0] * size[1];
  const planes = [0, 1, 2].map((k) => realTransform(colours.subarray(k * area, (k + 1) * area), size));
  const all = new Float64Array(length(size));
  for (const [k, plane] of planes.entries()) all.set(plane, k * plane.length);
  return all;
}

/**
 * The scaled inverse transform of (N,3) planes and its adjoint.
 * @param scale table of a factor for every frequency, of one plane for all colours or of three
 */
export function inverseTransform(
  { batch, size }: Images,
  { scale, planes: scalePlanes }: { readonly scale: string; readonly planes: 1 | 3 },
  memory: Memory,
): {
  /** Spectrum to decorrelated colours. */
  forward(spectrum: string, colours: string): Dispatch[];
  backward(coloursGradient: string, spectrumGradient: string): Dispatch[];
} {
  const [height, width] = size;
  const planes = 3 * batch;
  const uniform = { planes, height, width, scalePlanes };
  const complex = planes * height * bins(size);
  const half = memory.buffer("spectrum.half", "workspace", 8 * complex);
  const columns = memory.table("turns.columns", Float32Array.from(turns(height)));
  const rows = memory.table("turns.rows", Float32Array.from(turns(width)));
  const [flopsColumns, flopsRows] = [8 * complex * height, 2 * complex * width * 2];
  return {
    forward: (spectrum, image) => [
      dispatch(fourier_columns_forward, {
        ...{ label: "fourier columns forward", uniform, workgroups: fold(complex), flops: flopsColumns },
        buffers: { scale, columns, spectrum, output: half },
      }),
      dispatch(fourier_rows_forward, {
        ...{ label: "fourier rows forward", uniform, workgroups: fold(planes * height * width) },
        ...{ flops: flopsRows, buffers: { rows, spectrum: half, image } },
      }),
    ],
    backward: (input, output) => [
      dispatch(fourier_rows_backward, {
        ...{ label: "fourier rows backward", uniform, workgroups: fold(complex), flops: flopsRows },
        buffers: { rows, input, output: half },
      }),
      dispatch(fourier_columns_backward, {
        ...{ label: "fourier columns backward", uniform, workgroups: fold(complex), flops: flopsColumns },
        buffers: { scale, columns, spectrum: half, output },
      }),
    ],
  };
}
