/** Examples as one picture: every image with the frame of its patch, and beside it the patch, enlarged. */
import type { Size } from "../../model/network.ts";
import type { Window } from "../../nn/preprocess.ts";
import { resizePlanes } from "../../optvis/resize.ts";
import { hangWall } from "../../optvis/wall.ts";

export interface ShownExample {
  /** RGB in 0–1 units, (3,H,W). */
  readonly rgb: Float32Array;
  /** Within the image. */
  readonly patch: Window;
}

/** Planes of RGB, (3,H,W), with their size. */
interface Picture {
  readonly rgb: Float32Array;
  readonly size: Size;
}

/** Black pixels around every picture. */
const GUTTER = 3;
const FRAME = [1, 0.75, 0] as const;

/**
 * The examples row by row, in as many columns as rows or one more. Where every patch is the whole image, images stand alone.
 * @param size of every image
 */
export function exampleSheet(shown: readonly ShownExample[], size: Size): Picture {
  const whole = shown.every(({ patch }) => patch.height === size[0] && patch.width === size[1]);
  const cells = shown.map(({ rgb, patch }) => {
    const image = { rgb, size };
    return whole
      ? sideBySide([image], size)
      : sideBySide([framed(image, patch), cropped(image, patch)], size);
  });
  const cell = cells[0]?.size ?? size;
  const images = new Float32Array(cells.length * 3 * cell[0] * cell[1]);
  for (const [n, { rgb }] of cells.entries()) images.set(rgb, n * rgb.length);
  return hangWall(images, cells.length, cell);
}

/** The pictures in fields of `size`, as large as fits, a gutter around each. */
function sideBySide(pictures: readonly Picture[], [height, width]: Size): Picture {
  const size = [height + 2 * GUTTER, pictures.length * (width + GUTTER) + GUTTER] as const;
  const cell = { rgb: new Float32Array(3 * size[0] * size[1]), size };
  for (const [i, { rgb, size: own }] of pictures.entries()) {
    const scale = Math.min(height / own[0], width / own[1]);
    const [high, wide] = own.map((side) => Math.max(1, Math.round(side * scale))) as [number, number];
    const top = GUTTER + Math.floor((height - high) / 2);
    const left = GUTTER + i * (width + GUTTER) + Math.floor((width - wide) / 2);
    paste(cell, resizePlanes(rgb, own, [high, wide]), { y: top, x: left, height: high, width: wide });
  }
  return cell;
}

/** Writes planes of `place`'s size into a picture. */
function paste({ rgb, size }: Picture, planes: Float32Array, place: Window): void {
  for (let row = 0; row < 3 * place.height; row++) {
    const [colour, y] = [Math.floor(row / place.height), row % place.height];
    const line = planes.subarray(row * place.width, (row + 1) * place.width);
    rgb.set(line, (colour * size[0] + place.y + y) * size[1] + place.x);
  }
}

/** The part of a picture that is the patch. */
function cropped({ rgb, size }: Picture, { y, x, height, width }: Window): Picture {
  const part = new Float32Array(3 * height * width);
  for (let row = 0; row < 3 * height; row++) {
    const [colour, down] = [Math.floor(row / height), row % height];
    const from = (colour * size[0] + y + down) * size[1] + x;
    part.set(rgb.subarray(from, from + width), row * width);
  }
  return { rgb: part, size: [height, width] };
}

/** A line around the patch, on its outside; where the image ends there, it is left out. */
function framed({ rgb, size }: Picture, { y, x, height, width }: Window): Picture {
  const picture = { rgb: rgb.slice(), size };
  for (let row = Math.max(0, y - 1); row <= Math.min(size[0] - 1, y + height); row++) {
    for (let column = Math.max(0, x - 1); column <= Math.min(size[1] - 1, x + width); column++) {
      const inside = row >= y && row < y + height && column >= x && column < x + width;
      if (inside) continue;
      for (const [colour, value] of FRAME.entries())
        picture.rgb[(colour * size[0] + row) * size[1] + column] = value;
    }
  }
  return picture;
}
