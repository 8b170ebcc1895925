import type { Tensor } from "./tensor.ts";

/**
 * What a canvas shows of the resident images u = colours − mean, (N,C,H,W); one colour is grey: a grid of `columns` of them, row by
 * row, a pixel to a pixel, clamp(u + mean, 0, 1) times their opacity; black where there is none.
 *
 * @param size height and width of the canvas
 * @param alpha opacity, (N,1,H,W), where there is one: nothing is where there is no image then
 * @param statistics m and gain, (N,2), where (u + mean − m)·gain + 0.5 is shown
 * @returns RGBA in 0–1, premultiplied, (height,width,4)
 */
export function presentPixels(
  u: Tensor,
  mean: readonly number[],
  columns: number,
  size: readonly [height: number, width: number],
  alpha?: ArrayLike<number>,
  statistics?: ArrayLike<number>,
): Float64Array {
  const [batch, channels, height, width] = u.shape;
  const pixels = new Float64Array(size[0] * size[1] * 4);
  if (!alpha) for (let i = 3; i < pixels.length; i += 4) pixels[i] = 1;
  for (let n = 0; n < batch; n++) {
    const top = Math.floor(n / columns) * height;
    const left = (n % columns) * width;
    for (let y = 0; y < height && top + y < size[0]; y++) {
      for (let x = 0; x < width && left + x < size[1]; x++) {
        const at = 4 * ((top + y) * size[1] + left + x);
        const opacity = alpha ? alpha[(n * height + y) * width + x]! : 1;
        for (let colour = 0; colour < 3; colour++) {
          const c = colour % channels;
          const rgb = u.data[((n * channels + c) * height + y) * width + x]! + mean[c]!;
          const shown = statistics ? (rgb - statistics[2 * n]!) * statistics[2 * n + 1]! + 0.5 : rgb;
          pixels[at + colour] = opacity * Math.min(1, Math.max(0, shown));
        }
        pixels[at + 3] = opacity;
      }
    }
  }
  return pixels;
}
