/** Spectra of real images in float64: the frequencies, and the transform of a picture. For starts and tables. */
import type { Size } from "../../model/network.ts";

/** Frequencies of the real transform along the width: 0 … ⌊W/2⌋. */
export function bins([, width]: Size): number {
  return Math.floor(width / 2) + 1;
}

/** Cycles a pixel of every bin, (H,⌊W/2⌋+1), as numpy.fft.fftfreq and rfftfreq give them, combined. */
export function frequencyNorms([height, width]: Size): Float64Array {
  const columns = bins([height, width]);
  return Float64Array.from({ length: height * columns }, (_, i) => {
    const l = Math.floor(i / columns);
    const fy = (l < Math.ceil(height / 2) ? l : l - height) / height;
    return Math.hypot(fy, (i % columns) / width);
  });
}

/** 1 for the bins of frequencies up to `cycles` along the longer side, else 0; each `times` times over. */
export function lowBins(size: Size, cycles: number, { planes, times }: { planes: number; times: number }) {
  const least = frequencyNorms(size).map((f) => (f * Math.max(...size) <= cycles ? 1 : 0));
  return Float32Array.from(
    { length: planes * least.length * times },
    (_, i) => least[Math.floor(i / times) % least.length] as number,
  );
}

/** (cos, sin)(2π·m/n) for m = 0 … n−1, interleaved; exact at multiples of a quarter turn. */
export function turns(n: number): Float64Array {
  const table = new Float64Array(2 * n);
  for (let m = 0; m < n; m++) {
    const quarter = (4 * m) % n === 0 ? (4 * m) / n : -1;
    table[2 * m] = quarter < 0 ? Math.cos((2 * Math.PI * m) / n) : ([1, 0, -1, 0][quarter] as number);
    table[2 * m + 1] = quarter < 0 ? Math.sin((2 * Math.PI * m) / n) : ([0, 1, 0, -1][quarter] as number);
  }
  return table;
}

/**
 * numpy.fft.rfft2 of one plane, a row and a column at a time.
 * @returns (H,⌊W/2⌋+1) complex, interleaved
 */
export function realTransform(x: ArrayLike<number>, [height, width]: Size): Float64Array {
  const columns = bins([height, width]);
  const [byRow, byColumn] = [turns(width), turns(height)];
  const half = new Float64Array(2 * height * columns);
  for (let y = 0; y < height; y++) {
    for (let k = 0; k < columns; k++) {
      let [re, im] = [0, 0];
      for (let j = 0, turn = 0; j < width; j++, turn = (turn + k) % width) {
        const value = x[y * width + j] as number;
        re += value * (byRow[2 * turn] as number);
        im -= value * (byRow[2 * turn + 1] as number);
      }
      half.set([re, im], 2 * (y * columns + k));
    }
  }
  const whole = new Float64Array(half.length);
  for (let l = 0; l < height; l++) {
    for (let k = 0; k < columns; k++) {
      let [re, im] = [0, 0];
      for (let y = 0, turn = 0; y < height; y++, turn = (turn + l) % height) {
        const [a, b] = [half[2 * (y * columns + k)] as number, half[2 * (y * columns + k) + 1] as number];
        const [c, s] = [byColumn[2 * turn] as number, byColumn[2 * turn + 1] as number];
        re += a * c + b * s;
        im += b * c - a * s;
      }
      whole.set([re, im], 2 * (l * columns + k));
    }
  }
  return whole;
}
