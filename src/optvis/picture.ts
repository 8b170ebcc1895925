/**
 * Files and canvases hold pictures of 8 bits a sample, interleaved. An ascent holds images of floats, planar RGB in 0–1
 * units. These functions make one of the other.
 */

import { InputError } from "../errors.ts";

/** A decoded picture: rows from the top, samples interleaved, 0–255. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /** 3 is RGB, 4 is RGBA with straight (not premultiplied) alpha. */
  readonly channels: 3 | 4;
  readonly data: ArrayLike<number>;
}

/** The source pixels under one target pixel along one axis, and the share of each in the average. */
interface Overlap {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * Target pixel `i` averages the interval [start + i·step, start + (i+1)·step) of the source, its edges
 * weighted by their overlap.
 */
function overlaps(sourceLength: number, start: number, step: number, targetLength: number): Overlap[] {
  const rows: Overlap[] = [];
  for (let i = 0; i < targetLength; i++) {
    const begin = start + i * step;
    const end = Math.min(start + (i + 1) * step, sourceLength);
    const first = Math.min(Math.floor(begin), sourceLength - 1);
    const last = Math.max(first, Math.min(Math.ceil(end), sourceLength) - 1);
    const weights = new Float64Array(last - first + 1);
    let sum = 0;
    for (let s = first; s <= last; s++) {
      const overlap = Math.max(0, Math.min(s + 1, end) - Math.max(s, begin));
      weights[s - first] = overlap;
      sum += overlap;
    }
    for (let k = 0; k < weights.length; k++) weights[k] = (weights[k] ?? 0) / sum;
    rows.push({ first, weights });
  }
  return rows;
}

/** Of 256 pixels the training libraries keep the 224 in the middle. */
const TRAINED_PART = 224 / 256;

/** The shares of source pixels in a target pixel by bilinear interpolation that averages where it makes smaller. */
function triangles(sourceLength: number, start: number, step: number, targetLength: number): Overlap[] {
  const reach = Math.max(step, 1);
  return Array.from({ length: targetLength }, (_, i) => {
    const centre = start + (i + 0.5) * step;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(sourceLength, Math.floor(centre + reach + 0.5));
    const weights = Float64Array.from({ length: Math.max(1, end - first) }, (_, k) =>
      Math.max(0, 1 - Math.abs((first + k + 0.5 - centre) / reach)),
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/**
 * A photograph as a network saw photographs when it was tested, by `Resize(256)` and `CenterCrop(224)` of torchvision:
 * the shorter side resized to 256/224 of the target's, bilinear with antialiasing as Pillow's, and the middle cropped.
 * Pillow rounds to whole levels between; this does not. Transparent pixels are shown on white.
 *
 * @param size target height and width in pixels
 * @returns RGB in 0–1 units, shape (3, height, width)
 * @throws InputError if the picture has no pixels
 */
export function trainedPhoto(photo: Raster, size: readonly [height: number, width: number]): Float32Array {
  expectPixels(photo);
  const scale = Math.max(size[0] / photo.height, size[1] / photo.width) / TRAINED_PART;
  const along = (source: number, target: number): Overlap[] => {
    // Of 256 exactly, a product of floats may be just below.
    const resized = Math.max(target, Math.floor(scale * source + 1e-6));
    const cut = (resized - target) / 2;
    const first = cut % 1 === 0.5 ? 2 * Math.round(cut / 2) : cut;
    return triangles(source, (first * source) / resized, source / resized, target);
  };
  return onWhite(averageBy(photo, along(photo.height, size[0]), along(photo.width, size[1])));
}

/**
 * Crops the largest centred rectangle of the target's aspect ratio out of a picture and resizes it by
 * exact area averaging (the box filter, with fractional pixels at the edges), computed in float64 on the
 * stored values. Transparent pixels are shown on white.
 *
 * @param size target height and width in pixels
 * @returns RGB in 0–1 units, shape (3, height, width)
 * @throws InputError if the picture has no pixels
 */
export function fitPhoto(photo: Raster, size: readonly [height: number, width: number]): Float32Array {
  return onWhite(average(photo, size));
}

function onWhite({ colours, opacity }: ReturnType<typeof average>): Float32Array {
  const rgb = new Float32Array(colours);
  for (let i = 0; opacity && i < rgb.length; i++) {
    rgb[i] = (colours[i] as number) + 1 - (opacity[i % opacity.length] as number);
  }
  return rgb;
}

/**
 * Like `fitPhoto`, but keeps transparency. Opacity is averaged, and colours are averaged weighted by it. A pixel that is
 * fully transparent is white.
 *
 * @returns RGB, not multiplied by opacity, and opacity in 0–1 units, shape (4, height, width)
 */
export function fitTransparent(photo: Raster, size: readonly [height: number, width: number]): Float32Array {
  const { colours, opacity } = average(photo, size);
  const area = size[0] * size[1];
  const planes = new Float32Array(4 * area).fill(1);
  for (const [i, x] of colours.entries()) {
    const a = opacity ? (opacity[i % area] as number) : 1;
    if (a > 0) planes[i] = x / a;
  }
  if (opacity) planes.set(opacity, 3 * area);
  return planes;
}

/** Whether a pixel is not opaque. */
export function isTransparent({ channels, data }: Raster): boolean {
  if (channels === 3) return false;
  for (let i = 3; i < data.length; i += 4) if ((data[i] as number) < 255) return true;
  return false;
}

/** Crops and averages. @returns colours multiplied by opacity, (3,H,W), and of RGBA opacity, (1,H,W), in 0–1 units */
function average(photo: Raster, [height, width]: readonly [height: number, width: number]) {
  expectPixels(photo);
  const step = Math.min(photo.width / width, photo.height / height);
  const columns = overlaps(photo.width, (photo.width - step * width) / 2, step, width);
  const rows = overlaps(photo.height, (photo.height - step * height) / 2, step, height);
  return averageBy(photo, rows, columns);
}

function expectPixels({ width, height }: Raster): void {
  if (width >= 1 && height >= 1) return;
  throw new InputError(`photo: expected at least 1×1 pixels, got ${width}×${height}`);
}

/** @returns as `average` */
function averageBy(photo: Raster, rows: readonly Overlap[], columns: readonly Overlap[]) {
  const [height, width] = [rows.length, columns.length];
  const { channels } = photo;
  const planes = new Float64Array(channels * height * width);
  const line = new Float64Array(channels * photo.width);
  for (const [y, row] of rows.entries()) {
    averageRows(photo, row, line);
    for (const [x, { first, weights }] of columns.entries()) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++)
          sum += (weights[k] ?? 0) * (line[channels * (first + k) + c] ?? 0);
        planes[(c * height + y) * width + x] = sum / 255;
      }
    }
  }
  const rgb = 3 * height * width;
  return { colours: planes.subarray(0, rgb), opacity: channels === 4 ? planes.subarray(rgb) : undefined };
}

/** Weighted mean of some rows of a picture, interleaved, colours multiplied by opacity, into `line`. */
function averageRows(photo: Raster, row: Overlap, line: Float64Array): void {
  const { width, channels, data } = photo;
  line.fill(0);
  for (let k = 0; k < row.weights.length; k++) {
    const weight = row.weights[k] ?? 0;
    const base = (row.first + k) * width * channels;
    for (let x = 0; x < width; x++) {
      const at = channels * x;
      const alpha = channels === 4 ? (data[base + at + 3] ?? 255) / 255 : 1;
      for (let c = 0; c < channels; c++) {
        const part = c === 3 ? weight : weight * alpha;
        line[at + c] = (line[at + c] ?? 0) + part * (data[base + at + c] ?? 0);
      }
    }
  }
}

/**
 * 8-bit pixels of one image: round(255·clamp(x, 0, 1)), what a PNG holds and the canvas shows.
 *
 * @param colours RGB in 0–1 units, (3, height, width), or grey, (1, height, width), unclamped
 * @param channels 1 for grey, 3 for RGB; 2 and 4 (a canvas's `ImageData`) with alpha, straight (not premultiplied)
 * @param alpha opacity in 0–1, (1, height, width); opaque if absent
 */
export function toPixels(
  colours: Float32Array,
  size: readonly [height: number, width: number],
  channels: 1 | 2 | 3 | 4,
  alpha?: Float32Array,
): Uint8ClampedArray<ArrayBuffer> {
  const area = size[0] * size[1];
  const pixels = new Uint8ClampedArray(area * channels);
  const transparent = channels % 2 === 0;
  if (transparent) pixels.fill(255);
  const fill = (c: number, plane: ArrayLike<number>): void => {
    for (let i = 0; i < area; i++) {
      const value = Math.min(1, Math.max(0, plane[i] ?? 0));
      // Math.round before storing: a clamped array rounds halves to even, the definition rounds them up.
      pixels[i * channels + c] = Math.round(255 * value);
    }
  };
  const isGrey = colours.length === area;
  for (let c = 0; c < channels - (transparent ? 1 : 0); c++) {
    fill(c, isGrey ? colours : colours.subarray(c * area, (c + 1) * area));
  }
  if (transparent && alpha) fill(channels - 1, alpha);
  return pixels;
}

/** Channels of a file that holds a picture, as `toPixels` takes them. */
export function fileChannels(
  colours: Float32Array,
  [height, width]: readonly [height: number, width: number],
  alpha?: Float32Array,
): 1 | 2 | 3 | 4 {
  if (colours.length === height * width) return alpha ? 2 : 1;
  return alpha ? 4 : 3;
}
