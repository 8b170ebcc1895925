/**
 * Winograd's F(m×m,3×3) in float64, step by step: y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A, summed over channels (Lavin
 * and Gray 2016). Layouts are the kernels': U (E,C,K′), V (E,C,T), M (E,T,K′), with E = (m+2)².
 */
import type { Tensor } from "./tensor.ts";

export type TileSize = 2 | 4;

type Matrix = readonly (readonly number[])[];

interface Transforms {
  /** (m+2)×3, for the filter. */
  readonly G: Matrix;
  /** (m+2)×(m+2), for the input. */
  readonly B: Matrix;
  /** m×(m+2), for the output. */
  readonly A: Matrix;
}

const transforms: Readonly<Record<TileSize, Transforms>> = {
  2: {
    G: [
      [1, 0, 0],
      [1 / 2, 1 / 2, 1 / 2],
      [1 / 2, -1 / 2, 1 / 2],
      [0, 0, 1],
    ],
    B: [
      [1, 0, -1, 0],
      [0, 1, 1, 0],
      [0, -1, 1, 0],
      [0, 1, 0, -1],
    ],
    A: [
      [1, 1, 1, 0],
      [0, 1, -1, -1],
    ],
  },
  4: {
    G: [
      [1 / 4, 0, 0],
      [-1 / 6, -1 / 6, -1 / 6],
      [-1 / 6, 1 / 6, -1 / 6],
      [1 / 24, 1 / 12, 1 / 6],
      [1 / 24, -1 / 12, 1 / 6],
      [0, 0, 1],
    ],
    B: [
      [4, 0, -5, 0, 1, 0],
      [0, -4, -4, 1, 1, 0],
      [0, 4, -4, -1, 1, 0],
      [0, -2, -1, 2, 1, 0],
      [0, 2, -1, -2, 1, 0],
      [0, 4, 0, -5, 0, 1],
    ],
    A: [
      [1, 1, 1, 1, 1, 0],
      [0, 1, -1, 2, -2, 0],
      [0, 1, 1, 4, 4, 0],
      [0, 1, -1, 8, -8, 1],
    ],
  },
};

/** The transforms in absolute values: how far rounding errors grow is bounded by computing with these. */
export function absoluteTransforms(m: TileSize): Transforms {
  const positive = (matrix: Matrix) => matrix.map((row) => row.map(Math.abs));
  const { G, B, A } = transforms[m];
  return { G: positive(G), B: positive(B), A: positive(A) };
}

/** left · x · leftᵀ for a square x given row by row. */
function both(left: Matrix, x: Matrix): Matrix {
  const rows = left.map((a) => x[0]!.map((_, j) => a.reduce((sum, value, i) => sum + value * x[i]![j]!, 0)));
  return rows.map((row) => left.map((a) => a.reduce((sum, value, j) => sum + value * row[j]!, 0)));
}

const roundUp = (n: number, multiple: number) => multiple * Math.ceil(n / multiple);

/**
 * Filters (to, from, 3, 3), flat, as the product reads them: (E,from,to′), to′ = to rounded up to 16.
 * @param pass `backward_input` turns every filter by 180° and exchanges the channels
 */
export function winogradPack(
  m: TileSize,
  pass: "forward" | "backward_input",
  weight: Float64Array,
  outputs: number,
  inputs: number,
  { G } = transforms[m],
): Float64Array {
  const [from, to] = pass === "forward" ? [inputs, outputs] : [outputs, inputs];
  const padded = roundUp(to, 16);
  const packed = new Float64Array((m + 2) ** 2 * from * padded);
  for (let k = 0; k < outputs; k++) {
    for (let c = 0; c < inputs; c++) {
      const filter = weight.slice((k * inputs + c) * 9, (k * inputs + c + 1) * 9);
      if (pass === "backward_input") filter.reverse();
      const g = [0, 3, 6].map((i) => [...filter.subarray(i, i + 3)]);
      const [row, column] = pass === "forward" ? [c, k] : [k, c];
      for (const [e, u] of both(G, g).flat().entries()) packed[(e * from + row) * padded + column] = u;
    }
  }
  return packed;
}

/** Rows and columns of output tiles for an output of this height and width. */
function tilesOf(m: TileSize, height: number, width: number): [rows: number, columns: number] {
  return [Math.ceil(height / m), Math.ceil(width / m)];
}

/**
 * The tiles of x (N,C,H,W), zero outside: (E,C,T′), tile t = (n·rows + i)·columns + j, the rest zeros.
 * @param paddedTiles T′
 */
export function winogradInput(
  m: TileSize,
  x: Tensor,
  pad: number,
  paddedTiles: number,
  { B } = transforms[m],
): Float64Array {
  const [batch, channels, height, width] = x.shape;
  const [rows, columns] = tilesOf(m, height + 2 * pad - 2, width + 2 * pad - 2);
  const v = new Float64Array((m + 2) ** 2 * channels * paddedTiles);
  const side = [...Array(m + 2).keys()];
  const at = (plane: number, y: number, column: number) =>
    y < 0 || column < 0 || y >= height || column >= width
      ? 0
      : x.data[(plane * height + y) * width + column]!;
  for (let t = 0; t < batch * rows * columns; t++) {
    const [n, i, j] = [Math.floor(t / columns / rows), Math.floor(t / columns) % rows, t % columns];
    for (let c = 0; c < channels; c++) {
      const d = side.map((p) => side.map((q) => at(n * channels + c, m * i - pad + p, m * j - pad + q)));
      for (const [e, value] of both(B, d).flat().entries()) v[(e * channels + c) * paddedTiles + t] = value;
    }
  }
  return v;
}

/** M[e,t,k] = Σ_c U[e,c,k] · V[e,c,t]; the sizes are what U and V have. */
export function winogradMultiply(
  u: Float64Array,
  v: Float64Array,
  sizes: {
    readonly points: number;
    readonly channels: number;
    readonly tiles: number;
    readonly outputs: number;
  },
): Float64Array {
  const { points, channels, tiles, outputs } = sizes;
  const products = new Float64Array(points * tiles * outputs);
  for (let e = 0; e < points; e++) {
    for (let c = 0; c < channels; c++) {
      for (let t = 0; t < tiles; t++) {
        const value = v[(e * channels + c) * tiles + t]!;
        const row = products.subarray((e * tiles + t) * outputs, (e * tiles + t + 1) * outputs);
        for (let k = 0; k < outputs; k++) row[k]! += u[(e * channels + c) * outputs + k]! * value;
      }
    }
  }
  return products;
}

/** Aᵀ m A of every tile and channel, cut to (N,K,height,width), without bias. */
function winogradOutput(
  m: TileSize,
  products: Float64Array,
  [batch, outputs, height, width]: Tensor["shape"],
  { A }: Transforms,
): Tensor {
  const [rows, columns] = tilesOf(m, height, width);
  const tiles = batch * rows * columns;
  const padded = roundUp(outputs, 16);
  const y: Tensor = {
    shape: [batch, outputs, height, width],
    data: new Float64Array(batch * outputs * height * width),
  };
  const side = [...Array(m + 2).keys()];
  for (let t = 0; t < tiles; t++) {
    const [n, i, j] = [Math.floor(t / columns / rows), Math.floor(t / columns) % rows, t % columns];
    for (let k = 0; k < outputs; k++) {
      const sums = side.map((p) => side.map((q) => products[((p * (m + 2) + q) * tiles + t) * padded + k]!));
      for (const [p, row] of both(A, sums).entries()) {
        for (const [q, value] of row.entries()) {
          const [r, s] = [m * i + p, m * j + q];
          if (r < height && s < width) y.data[((n * outputs + k) * height + r) * width + s] = value;
        }
      }
    }
  }
  return y;
}

/**
 * For every output the sum of the magnitudes of all that is added up on the way to it, transforms included. An
 * error bound is a number of roundings times this.
 *
 * @param x what the pass reads, (N,C,H,W)
 * @param weight (K,C,3,3) of the convolution, flat, whichever the pass
 */
export function winogradMagnitude(
  m: TileSize,
  pass: "forward" | "backward_input",
  x: Tensor,
  weight: Float64Array,
  outputs: number,
  inputs: number,
  pad: number,
): Tensor {
  const matrices = absoluteTransforms(m);
  const [batch, channels, height, width] = x.shape;
  const positive: Tensor = { shape: x.shape, data: Float64Array.from(x.data, Math.abs) };
  const out: Tensor["shape"] = [
    batch,
    pass === "forward" ? outputs : inputs,
    height + 2 * pad - 2,
    width + 2 * pad - 2,
  ];
  const [rows, columns] = tilesOf(m, out[2], out[3]);
  const tiles = batch * rows * columns;
  const u = winogradPack(m, pass, Float64Array.from(weight, Math.abs), outputs, inputs, matrices);
  const v = winogradInput(m, positive, pad, tiles, matrices);
  const sizes = { points: (m + 2) ** 2, channels, tiles, outputs: roundUp(out[1], 16) };
  return winogradOutput(m, winogradMultiply(u, v, sizes), out, matrices);
}
