/** The magnitude spectrum of natural images, for any size. */
import measured from "../../../weights/magnitude.json" with { type: "json" };
import type { Size } from "../../model/network.ts";
import type { Colours } from "../../nn/preprocess.ts";
import { colourMatrix } from "./colour.ts";
import { bins } from "./spectrum.ts";

/** Grey is the first decorrelated colour, which all three of RGB share: this much of it, the mean of its column. */
const SHARED = colourMatrix.reduce((sum, row) => sum + row[0], 0) / 3;

/**
 * Mean magnitude of the spectra of the decorrelated colours, (C,H,⌊W/2⌋+1): interpolated between the
 * measured frequencies, in cycles a pixel, and scaled so that the image's contrast does not depend on its size.
 */
export function magnitude(size: Size, colours: Colours): Float64Array {
  const [height, width] = size;
  const columns = bins(size);
  const { side, mean } = measured;
  const half = side / 2 + 1;
  const contrast = Math.sqrt((height * width) / (side * side)) * (colours === 1 ? SHARED : 1);
  return Float64Array.from({ length: colours * height * columns }, (_, i) => {
    const plane = mean[Math.floor(i / (height * columns))] as readonly number[];
    const l = Math.floor(i / columns) % height;
    // A real image's magnitude is the same at opposite frequencies: rows 0 … side/2 say everything.
    const y = (side * Math.min(l, height - l)) / height;
    const x = (side * (i % columns)) / width;
    return contrast * bilinear(plane, half, y, x);
  });
}

function bilinear(plane: readonly number[], side: number, y: number, x: number): number {
  const [top, left] = [Math.min(Math.floor(y), side - 2), Math.min(Math.floor(x), side - 2)];
  const at = (i: number, j: number) => plane[i * side + j] as number;
  const row = (i: number) => at(i, left) * (1 - x + left) + at(i, left + 1) * (x - left);
  return row(top) * (1 - y + top) + row(top + 1) * (y - top);
}
