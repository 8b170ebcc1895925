/** Complex numbers are interleaved, real part first; see shaders/fourier.wgsl for the formulas. */
export interface SpectrumShape {
  /** Images × 3. */
  readonly planes: number;
  readonly height: number;
  readonly width: number;
}

/** z[y,k] = 1/H · Σ_l scale·s[l,k]·e^(2πi·l·y/H). @param scale of one plane, or of three that repeat */
export function columnsForward(
  spectrum: Float64Array,
  scale: Float64Array,
  shape: SpectrumShape,
): Float64Array {
  const half = new Float64Array(spectrum.length);
  eachTurn(shape, ({ plane, from, to, k, cos, sin, bins, height }) => {
    const at = (plane * height + from) * bins + k;
    const factor = scale[at % scale.length]! / height;
    const [re, im] = [factor * spectrum[2 * at]!, factor * spectrum[2 * at + 1]!];
    const target = (plane * height + to) * bins + k;
    half[2 * target]! += re * cos - im * sin;
    half[2 * target + 1]! += re * sin + im * cos;
  });
  return half;
}

/** The transpose, as of real numbers. */
export function columnsBackward(dz: Float64Array, scale: Float64Array, shape: SpectrumShape): Float64Array {
  const ds = new Float64Array(dz.length);
  eachTurn(shape, ({ plane, from, to, k, cos, sin, bins, height }) => {
    const at = (plane * height + from) * bins + k;
    const factor = scale[at % scale.length]! / height;
    const source = (plane * height + to) * bins + k;
    ds[2 * at]! += factor * (dz[2 * source]! * cos + dz[2 * source + 1]! * sin);
    ds[2 * at + 1]! += factor * (dz[2 * source + 1]! * cos - dz[2 * source]! * sin);
  });
  return ds;
}

interface Turn {
  readonly plane: number;
  readonly from: number;
  readonly to: number;
  readonly k: number;
  readonly cos: number;
  readonly sin: number;
  readonly bins: number;
  readonly height: number;
}

function eachTurn({ planes, height, width }: SpectrumShape, visit: (turn: Turn) => void): void {
  const bins = Math.floor(width / 2) + 1;
  for (let plane = 0; plane < planes; plane++) {
    for (let from = 0; from < height; from++) {
      for (let to = 0; to < height; to++) {
        const angle = (2 * Math.PI * ((from * to) % height)) / height;
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        for (let k = 0; k < bins; k++) visit({ plane, from, to, k, cos, sin, bins, height });
      }
    }
  }
}

/** x[y,j] = 1/W · Σ_k c[k]·Re(z[y,k]·e^(2πi·k·j/W)). */
export function rowsForward(half: Float64Array, { planes, height, width }: SpectrumShape): Float64Array {
  const bins = Math.floor(width / 2) + 1;
  return Float64Array.from({ length: planes * height * width }, (_, at) => {
    const [line, j] = [Math.floor(at / width), at % width];
    let sum = 0;
    for (let k = 0; k < bins; k++) {
      const angle = (2 * Math.PI * ((k * j) % width)) / width;
      const [re, im] = [half[2 * (line * bins + k)]!, half[2 * (line * bins + k) + 1]!];
      sum += counted(k, width) * (re * Math.cos(angle) - im * Math.sin(angle));
    }
    return sum / width;
  });
}

/** The transpose. */
export function rowsBackward(dx: Float64Array, { planes, height, width }: SpectrumShape): Float64Array {
  const bins = Math.floor(width / 2) + 1;
  const dz = new Float64Array(2 * planes * height * bins);
  for (let at = 0; at < planes * height * bins; at++) {
    const [line, k] = [Math.floor(at / bins), at % bins];
    for (let j = 0; j < width; j++) {
      const angle = (2 * Math.PI * ((k * j) % width)) / width;
      const value = (counted(k, width) * dx[line * width + j]!) / width;
      dz[2 * at]! += value * Math.cos(angle);
      dz[2 * at + 1]! -= value * Math.sin(angle);
    }
  }
  return dz;
}

/** Frequencies between 0 and the highest stand for their negative too. */
function counted(k: number, width: number): number {
  return k === 0 || 2 * k === width ? 1 : 2;
}
