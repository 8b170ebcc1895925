import { colourMatrix } from "../../src/optvis/params/colour.ts";
import { spectrumLength, spectrumScale } from "../../src/optvis/params/fourier.ts";
import { colourForward } from "./colour.ts";
import { columnsForward, rowsForward } from "./fourier.ts";
import { type Tensor, tensor } from "./tensor.ts";
import { grainAlone } from "./zoom.ts";

/** Which background is drawn. */
export interface Drawn {
  readonly batch: number;
  readonly size: readonly [height: number, width: number];
  readonly seed: number;
  readonly step: number;
  readonly colours: 1 | 3;
}

/** About normal spectra of deviation ½ from op 0 of the counter; complex, of every colour of an image. */
export function backgroundSpectrum({ batch, size, seed, step, colours }: Drawn): Float64Array {
  return grainAlone([batch, spectrumLength(colours, size)], 0.5, [seed, step, 0]);
}

/** The images they make, colours − mean, (N,C,H,W); one colour is not mixed. */
export function backgroundOf(drawn: Drawn, mean: readonly number[]): Tensor {
  const { batch, size, colours } = drawn;
  const [height, width] = size;
  const shape = { planes: colours * batch, height, width };
  const half = columnsForward(backgroundSpectrum(drawn), spectrumScale(size), shape);
  const planes = tensor([batch, colours, height, width], rowsForward(half, shape));
  return colourForward(planes, colours === 1 ? [[1]] : colourMatrix, mean);
}
