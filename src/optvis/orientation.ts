/**
 * Pictures turned upright by the orientation that a camera wrote beside them: EXIF's tag 0x0112 (CIPA DC-008), and in AVIF
 * the properties `irot` and `imir` (ISO/IEC 23008-12, 6.5.10 and 6.5.12).
 */

import type { Raster } from "./picture.ts";

const ORIENTATION = 0x0112;

/** 1 to 8; 1, upright, where a PNG has no chunk eXIf or it says nothing. */
export function pngOrientation(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (name === "eXIf") return exifOrientation(bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return 1;
}

/** As `pngOrientation`, of the chunk EXIF (RFC 9649, 2.7.1.5). */
export function webpOrientation(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    const name = String.fromCharCode(...bytes.subarray(at, at + 4));
    if (name === "EXIF") {
      const exif = bytes.subarray(at + 8, at + 8 + length);
      // Some writers put JPEG's mark before it.
      const isMarked = String.fromCharCode(...exif.subarray(0, 4)) === "Exif";
      return exifOrientation(isMarked ? exif.subarray(6) : exif);
    }
    at += 8 + length + (length % 2);
  }
  return 1;
}

/** @param exif a TIFF header and its first directory */
function exifOrientation(exif: Uint8Array): number {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  try {
    const little = view.getUint16(0) === 0x4949;
    const directory = view.getUint32(4, little);
    const count = view.getUint16(directory, little);
    for (let n = 0; n < count; n++) {
      const at = directory + 2 + 12 * n;
      if (view.getUint16(at, little) !== ORIENTATION) continue;
      const value = view.getUint16(at + 8, little);
      return value >= 1 && value <= 8 ? value : 1;
    }
  } catch (error) {
    // It is cut short, and says nothing.
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}

/** From 5 on rows are columns; of each, whether source columns and rows run backwards. */
const BACKWARDS: readonly (readonly [columns: boolean, rows: boolean])[] = [
  [false, false],
  [true, false],
  [true, true],
  [false, true],
  [false, false],
  [false, true],
  [true, true],
  [true, false],
];

/** @param orientation 1 to 8 */
export function upright(picture: Raster, orientation: number): Raster {
  const [back, up] = BACKWARDS[orientation - 1] ?? [false, false];
  if (orientation === 1) return picture;
  const { width, height, channels, data } = picture;
  const turned = orientation >= 5;
  const [wide, high] = turned ? [height, width] : [width, height];
  const pixels = new Float32Array(wide * high * channels);
  for (let y = 0; y < high; y++) {
    for (let x = 0; x < wide; x++) {
      const [column, row] = turned ? [y, x] : [x, y];
      const from = (up ? height - 1 - row : row) * width + (back ? width - 1 - column : column);
      for (let c = 0; c < channels; c++)
        pixels[(y * wide + x) * channels + c] = data[from * channels + c] as number;
    }
  }
  return { width: wide, height: high, channels, data: pixels };
}
