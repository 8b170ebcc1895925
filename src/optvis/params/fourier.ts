/**
 * Fourier: the image's spectrum is optimised (Olah et al. 2017; the numbers are Lucid's). It is scaled so that every
 * frequency has the energy that it has in natural images. It makes decorrelated colours, and a sigmoid makes the image of them.
 */
import {
  fourier_columns_backward,
  fourier_columns_forward,
  fourier_rows_backward,
  fourier_rows_forward,
} from "../../../shaders/fourier.wgsl";
import { type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import type { Size } from "../../model/network.ts";
import { coloursOf } from "../../nn/preprocess.ts";
import { colourBackward, colourForward, decorrelate } from "./colour.ts";
import type { Images, Memory, Param, ParamPasses, PlaneBuffers } from "./param.ts";
import { bins, frequencyNorms, lowBins, realTransform, turns } from "./spectrum.ts";

/** Standard deviation of the noise start (Lucid: sd=0.01). */
const NOISE = 0.01;
/** Lucid divides the transform of the scaled spectrum by this. */
const DIVISOR = 4;

/** The factors of the numbers optimised: √(W·H) / max(f, 1/max(W,H)) / 4, for f in cycles a pixel. */
export function spectrumScale([height, width]: Size): Float64Array {
  const least = 1 / Math.max(height, width);
  return frequencyNorms([height, width]).map((f) => Math.sqrt(width * height) / Math.max(f, least) / DIVISOR);
}

/** Numbers of one image: `planes` of H rows and ⌊W/2⌋+1 columns of frequencies, real and imaginary. */
export function spectrumLength(planes: number, size: Size): number {
  return planes * size[0] * bins(size) * 2;
}

/** `spectrumScale` where kernels read it. */
export function scaleTable(size: Size, memory: Memory): string {
  return memory.table(`spectrum.scale.${size.join("x")}`, Float32Array.from(spectrumScale(size)));
}

/** Spectra under `name`, `planes` an image, and the passes between them and the buffers of the planes. */
function spectra(
  { name, planes }: { readonly name: string; readonly planes: number },
  { batch, size }: Images,
  { image, gradient }: PlaneBuffers,
  memory: Memory,
): ParamPasses {
  const bytes = 4 * batch * spectrumLength(planes, size);
  const values = memory.buffer(name, "param", bytes);
  const valuesGradient = memory.buffer(`${name}.gradient`, "param", bytes);
  const scale = { scale: scaleTable(size, memory), scalePlanes: 1 } as const;
  const passes = inverseTransform({ planes: planes * batch, size }, scale, memory);
  return {
    values,
    gradient: valuesGradient,
    forward: passes.forward(values, image),
    backward: passes.backward(gradient, valuesGradient),
  };
}

/** Numbers whose scaled inverse transform has the given spectra. */
function unscaled(spectrum: Float64Array, size: Size): Float32Array<ArrayBuffer> {
  const scale = spectrumScale(size);
  return Float32Array.from(spectrum, (value, i) => value / (scale[(i >> 1) % scale.length] as number));
}

export const fourier: Param = {
  length: (size, colours) => spectrumLength(colours, size),
  coarse: (size, cycles, colours) => lowBins(size, cycles, { planes: colours, times: 2 }),
  plan(images, { image, gradient }, memory) {
    const { batch, size } = images;
    const count = coloursOf(images.mean);
    const colours = memory.buffer("colours", "workspace", 4 * count * batch * size[0] * size[1]);
    const planes = { image: colours, gradient: colours };
    const passes = spectra({ name: "spectrum", planes: count }, images, planes, memory);
    return {
      ...passes,
      forward: [...passes.forward, colourForward(images, { input: colours, output: image })],
      backward: [colourBackward(images, { input: gradient, output: colours, image }), ...passes.backward],
    };
  },
  noise: (normal, size, colours) =>
    Float32Array.from({ length: spectrumLength(colours, size) }, () => NOISE * normal()),
  fromPicture: (picture, { size }) => unscaled(coloursSpectrum(picture, size), size),
  plane: {
    slope: 1,
    length: (size) => spectrumLength(1, size),
    plan: (images, buffers, memory) =>
      spectra({ name: "alpha.spectrum", planes: 1 }, images, buffers, memory),
    fromPlane: (plane, size) => unscaled(realTransform(plane, size), size),
  },
};

/** Spectra of the decorrelated colours of a picture, (C,H,⌊W/2⌋+1) complex. @param picture (C,H,W) */
export function coloursSpectrum(picture: ArrayLike<number>, size: Size): Float64Array {
  const area = size[0] * size[1];
  const count = picture.length / area;
  const colours = decorrelate(picture, count === 1 ? 1 : 3);
  const all = new Float64Array(spectrumLength(count, size));
  for (let k = 0; k < count; k++) {
    const plane = realTransform(colours.subarray(k * area, (k + 1) * area), size);
    all.set(plane, k * plane.length);
  }
  return all;
}

/**
 * The scaled inverse transform of planes and its adjoint.
 * @param planes of all images
 * @param scale table of a factor for every frequency, of one plane for all or of one a colour
 */
export function inverseTransform(
  { planes, size }: { readonly planes: number; readonly size: Size },
  { scale, scalePlanes }: { readonly scale: string; readonly scalePlanes: 1 | 3 },
  memory: Memory,
): {
  /** Spectra to planes, for example decorrelated colours. */
  forward(spectrum: string, image: string): Dispatch[];
  backward(imageGradient: string, spectrumGradient: string): Dispatch[];
} {
  const [height, width] = size;
  const uniform = { planes, height, width, scalePlanes };
  const complex = planes * height * bins(size);
  const half = memory.buffer("spectrum.half", "workspace", 8 * complex);
  const columns = turnsTable(height, memory);
  const rows = turnsTable(width, memory);
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

function turnsTable(n: number, memory: Memory): string {
  return memory.table(`turns.${n}`, Float32Array.from(turns(n)));
}
