/** Makes pictures, RGB in 0–1 units, (3,H,W), of maps that have one number a pixel. */

import { inRgb } from "./grey.ts";

/** The share of pixels below white, as in SmoothGrad. Without it a few extreme pixels leave the rest black. */
const PERCENTILE = 0.99;

/** |map| in grey: zero is black, the 99th percentile is white. @param map (H,W) */
export function mapInGrey(map: Float32Array): Float32Array<ArrayBuffer> {
  const grey = brightness(map, percentile(map, PERCENTILE));
  return Float32Array.from(inRgb(grey, grey.length));
}

/**
 * A map in colours over its photograph, the usual picture of a Grad-CAM.
 * @param photo RGB in 0–1 units, (3,H,W), or grey, (1,H,W)
 */
export function mapOverPhoto(map: Float32Array, photo: Float32Array): Float32Array<ArrayBuffer> {
  const strength = brightness(map, percentile(map, 1));
  const area = strength.length;
  return Float32Array.from(inRgb(photo, area), (x, i) => {
    const level = strength[i % area] as number;
    return 0.5 * x + 0.5 * heat(level, Math.floor(i / area));
  });
}

/** Corners of the colour scale from zero to the largest value: black, purple, orange, pale yellow. */
const SCALE: readonly (readonly [number, number, number])[] = [
  [0, 0, 0.02],
  [0.34, 0.06, 0.43],
  [0.73, 0.22, 0.33],
  [0.98, 0.55, 0.04],
  [0.99, 1, 0.65],
];

/** One colour (0 red, 1 green, 2 blue) of a level in 0–1. */
function heat(level: number, colour: number): number {
  const place = level * (SCALE.length - 1);
  const near = Math.min(Math.floor(place), SCALE.length - 2);
  const part = place - near;
  return (1 - part) * (SCALE[near]?.[colour] ?? 0) + part * (SCALE[near + 1]?.[colour] ?? 0);
}

function brightness(map: Float32Array, white: number): Float32Array {
  return map.map((x) => (white > 0 ? Math.min(1, Math.abs(x) / white) : 0));
}

/** The smallest absolute value that at least a `share` of the map stays within. */
function percentile(map: Float32Array, share: number): number {
  const sorted = map.map(Math.abs).sort();
  return sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
}
