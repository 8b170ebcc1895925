import { type Tensor, zeros } from "./tensor.ts";

/** a = σ(s·t). */
export function opacityForward(t: ArrayLike<number>, slope: number): Float64Array {
  return Float64Array.from(t, (value) => 1 / (1 + Math.exp(-slope * value)));
}

/** dt = s·a(1 − a)·da. @param a what the forward pass made */
export function opacityBackward(da: ArrayLike<number>, a: ArrayLike<number>, slope: number): Float64Array {
  return Float64Array.from(da, (gradient, i) => slope * a[i]! * (1 - a[i]!) * gradient);
}

/** y = a·u + (1 − a)·b. @param a (N,1,H,W) */
export function compositeForward(u: Tensor, a: ArrayLike<number>, b: Tensor): Tensor {
  const { shape } = u;
  return { shape, data: u.data.map((value, i) => mix(a[pixelOf(shape, i)]!, value, b.data[i]!)) };
}

/** du = a·dy and da = Σ over colours of (u − b)·dy. */
export function compositeBackward(
  dy: Tensor,
  u: Tensor,
  a: ArrayLike<number>,
  b: Tensor,
): { readonly image: Tensor; readonly alpha: Float64Array } {
  const { shape } = u;
  const image = zeros(shape);
  const alpha = new Float64Array(a.length);
  for (const [i, gradient] of dy.data.entries()) {
    const pixel = pixelOf(shape, i);
    image.data[i] = a[pixel]! * gradient;
    alpha[pixel]! += (u.data[i]! - b.data[i]!) * gradient;
  }
  return { image, alpha };
}

function mix(a: number, over: number, under: number): number {
  return a * over + (1 - a) * under;
}

/** Pixel among those of all images at which element i of (N,C,H,W) stands. */
function pixelOf([, channels, height, width]: Tensor["shape"], i: number): number {
  const area = height * width;
  return Math.floor(i / area / channels) * area + (i % area);
}
