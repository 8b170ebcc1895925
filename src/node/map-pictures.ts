/** Maps of one number a pixel as pictures. */

import type { Tensor } from "../commands/report.ts";
import { writePicture } from "./pictures.ts";

/** Share of the pixels that are at most white: a few extreme ones must not leave the rest black (SmoothGrad's). */
const PERCENTILE = 0.99;

/** |map| in grey: black is zero, white the 99th percentile. */
export function mapPicture({ shape, data }: Tensor): Uint8Array {
  const grey = brightness(data, percentile(data, PERCENTILE));
  return writePicture(Float32Array.of(...grey, ...grey, ...grey), sizeOf(shape));
}

/** A map over its photograph, dimmed where the map is low: Grad-CAM's usual picture. */
export function overPhoto(map: Tensor, photo: Tensor): Uint8Array {
  const strength = brightness(map.data, percentile(map.data, 1));
  const area = strength.length;
  const rgb = photo.data.map((x, i) => {
    const level = strength[i % area] as number;
    return 0.5 * x + 0.5 * heat(level, Math.floor(i / area));
  });
  return writePicture(rgb, sizeOf(map.shape));
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

/** The absolute value that `share` of them do not pass. */
function percentile(map: Float32Array, share: number): number {
  const sorted = map.map(Math.abs).sort();
  return sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
}

function sizeOf(shape: readonly number[]): [height: number, width: number] {
  return [shape[2] as number, shape[3] as number];
}
