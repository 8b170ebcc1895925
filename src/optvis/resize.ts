/** Resizes planes of numbers by bilinear interpolation in float64. */
import type { Size } from "../model/network.ts";

/**
 * How the two grids lie over each other. `pixels` are areas, and the outer edges meet, as in PyTorch's `interpolate` and
 * most image programs. `corners` are points, and the outer points meet, as in `scipy.ndimage.zoom`.
 */
export type Alignment = "pixels" | "corners";

/**
 * @param planes any number of (H,W) planes, one after the other
 * @returns as many planes of the target size
 */
export function resizePlanes(
  planes: ArrayLike<number>,
  from: Size,
  to: Size,
  alignment: Alignment = "pixels",
): Float32Array<ArrayBuffer> {
  const [height, width] = from;
  const count = planes.length / (height * width);
  const rows = taps(height, to[0], alignment);
  const columns = taps(width, to[1], alignment);
  const resized = new Float32Array(count * to[0] * to[1]);
  let at = 0;
  for (let plane = 0; plane < count; plane++) {
    const value = (y: number, x: number): number => planes[(plane * height + y) * width + x] as number;
    for (const { near: top, far: bottom, part: down } of rows) {
      for (const { near: left, far: right, part: over } of columns) {
        const above = (1 - over) * value(top, left) + over * value(top, right);
        const below = (1 - over) * value(bottom, left) + over * value(bottom, right);
        resized[at++] = (1 - down) * above + down * below;
      }
    }
  }
  return resized;
}

/** The two source positions around a target position, and the share of the farther one. */
interface Tap {
  readonly near: number;
  readonly far: number;
  readonly part: number;
}

function taps(source: number, target: number, alignment: Alignment): Tap[] {
  return Array.from({ length: target }, (_, i) => {
    const ideal =
      alignment === "pixels"
        ? ((i + 0.5) * source) / target - 0.5
        : target > 1
          ? (i * (source - 1)) / (target - 1)
          : 0;
    const place = Math.min(Math.max(ideal, 0), source - 1);
    const near = Math.min(Math.floor(place), source - 1);
    return { near, far: Math.min(near + 1, source - 1), part: place - near };
  });
}
