import { type Shape4, type Tensor, zeros } from "./tensor.ts";

/**
 * y[n,k,i,j] = b[k] + Σ_{c,r,s} w[k,c,r,s] · x[n, c, i+r−P, j+s−P], zero outside of x.
 *
 * @param x (N,C,H,W)
 * @param weight (K,C,S,S), flat
 * @param bias (K)
 * @param padding P
 * @returns (N, K, H+2P−S+1, W+2P−S+1)
 */
export function convForward(x: Tensor, weight: Float64Array, bias: Float64Array, padding: number): Tensor {
  const side = Math.sqrt(weight.length / bias.length / x.shape[1]);
  const grow = 2 * padding - side + 1;
  const y = zeros([x.shape[0], bias.length, x.shape[2] + grow, x.shape[3] + grow]);
  const area = y.shape[2] * y.shape[3];
  y.data.forEach((_, i) => {
    y.data[i] = bias[Math.floor(i / area) % bias.length]!;
  });
  forEachTap(x.shape, y.shape, side, padding, (from, to, tap) => {
    y.data[to]! += weight[tap]! * x.data[from]!;
  });
  return y;
}

/** The transpose of {@link convForward} in x. @param dy (N,K,H′,W′) @returns (N,C,H,W) */
export function convBackwardInput(
  dy: Tensor,
  weight: Float64Array,
  inputShape: Shape4,
  padding: number,
): Tensor {
  const side = Math.sqrt(weight.length / dy.shape[1] / inputShape[1]);
  const dx = zeros(inputShape);
  forEachTap(inputShape, dy.shape, side, padding, (from, to, tap) => {
    dx.data[from]! += weight[tap]! * dy.data[to]!;
  });
  return dx;
}

/** Calls `visit` for every (input element, output element, weight between them). */
function forEachTap(
  [batch, inputs, height, width]: Shape4,
  [, outputs, rows, columns]: Shape4,
  side: number,
  padding: number,
  visit: (from: number, to: number, tap: number) => void,
): void {
  for (let n = 0; n < batch; n++) {
    for (let k = 0; k < outputs; k++) {
      for (let c = 0; c < inputs; c++) {
        for (let tap = 0; tap < side * side; tap++) {
          const [r, s] = [Math.floor(tap / side) - padding, (tap % side) - padding];
          for (let i = Math.max(0, -r); i < Math.min(rows, height - r); i++) {
            for (let j = Math.max(0, -s); j < Math.min(columns, width - s); j++) {
              const from = ((n * inputs + c) * height + i + r) * width + j + s;
              const to = ((n * outputs + k) * rows + i) * columns + j;
              visit(from, to, (k * inputs + c) * side * side + tap);
            }
          }
        }
      }
    }
  }
}
