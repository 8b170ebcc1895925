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
}

/** About normal spectra of deviation ½ from op 0 of the counter; complex, of three colours an image. */
export function backgroundSpectrum({ batch, size, seed, step }: Drawn): Float64Array {
  return grainAlone([batch, spectrumLength(3, size)], 0.5, [seed, step, 0]);
}

/** The images they make, RGB − mean, (N,3,H,W). */
export function backgroundOf(drawn: Drawn, mean: readonly number[]): Tensor {
  const { batch, size } = drawn;
  const [height, width] = size;
  const shape = { planes: 3 * batch, height, width };
  const half = columnsForward(backgroundSpectrum(drawn), spectrumScale(size), shape);
  return colourForward(tensor([batch, 3, height, width], rowsForward(half, shape)), colourMatrix, mean);
}
