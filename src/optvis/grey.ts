/** Pictures in the colours that a network reads: of a network that reads grey, photographs become grey. */
import type { Colours } from "../nn/preprocess.ts";

/** Shares of red, green and blue in a grey: luma of ITU-R BT.601, as Pillow and OpenCV make a photograph grey. */
const LUMA = [0.299, 0.587, 0.114] as const;

/**
 * A picture with as many colours as the network reads. Of a transparent one the opacity stays, as the last plane.
 * @param picture (3,H,W) or (4,H,W), or of grey (1,H,W) or (2,H,W)
 * @param area pixels of a plane
 */
export function inColours(picture: Float32Array, area: number, colours: Colours): Float32Array {
  const planes = picture.length / area;
  if (colours === 3 || (planes !== 3 && planes !== 4)) return picture;
  const [red, green, blue] = LUMA;
  const grey = new Float32Array((planes - 2) * area);
  for (let i = 0; i < area; i++) {
    const [r, g, b] = [picture[i], picture[area + i], picture[2 * area + i]] as [number, number, number];
    grey[i] = red * r + green * g + blue * b;
  }
  grey.set(picture.subarray(3 * area), area);
  return grey;
}

/** Pictures of a batch, without opacity. @param pictures (N,3,H,W) or (N,1,H,W) @param area pixels of a plane */
export function allInColours(
  pictures: Float32Array,
  batch: number,
  area: number,
  colours: Colours,
): Float32Array {
  if (colours === 3 || pictures.length !== 3 * batch * area) return pictures;
  const grey = new Float32Array(batch * area);
  for (let n = 0; n < batch; n++) {
    grey.set(inColours(pictures.subarray(3 * n * area, 3 * (n + 1) * area), area, 1), n * area);
  }
  return grey;
}

/** A picture as RGB, (3,H,W). @param picture (3,H,W) or (1,H,W) @param area pixels of a plane */
export function inRgb(picture: Float32Array, area: number): Float32Array {
  if (picture.length !== area) return picture;
  const rgb = new Float32Array(3 * area);
  for (let colour = 0; colour < 3; colour++) rgb.set(picture, colour * area);
  return rgb;
}
