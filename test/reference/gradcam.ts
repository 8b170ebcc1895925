import { expectSameShape, type Tensor } from "./tensor.ts";

/** α[n,c], the mean of g[n,c] over positions; flat (N,C). */
export function gradcamWeights({ shape, data }: Tensor): Float64Array {
  const [batch, channels, height, width] = shape;
  const area = height * width;
  return Float64Array.from({ length: batch * channels }, (_, plane) => {
    let sum = 0;
    for (let p = 0; p < area; p++) sum += data[plane * area + p]!;
    return sum / area;
  });
}

/**
 * cam[n,p] = max(0, Σ_c α[n,c]·a[n,c,p]).
 *
 * @param alpha flat (N,C)
 * @param a the layer's activation, (N,C,H,W)
 */
export function gradcamMap(alpha: Float64Array, a: Tensor): Tensor {
  const [batch, channels, height, width] = a.shape;
  const area = height * width;
  const data = Float64Array.from({ length: batch * area }, (_, i) => {
    const n = Math.floor(i / area);
    let sum = 0;
    for (let c = 0; c < channels; c++) {
      sum += alpha[n * channels + c]! * a.data[(n * channels + c) * area + (i % area)]!;
    }
    return Math.max(sum, 0);
  });
  return { shape: [batch, 1, height, width], data };
}

/** Grad-CAM of a layer's activation `a` and the objective's gradient `g` there, both (N,C,H,W). */
export function gradcam(a: Tensor, g: Tensor): Tensor {
  expectSameShape(a, g, "gradcam");
  return gradcamMap(gradcamWeights(g), a);
}
