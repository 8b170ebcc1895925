/** The one thing a JPEG's EXIF block says that changes the picture: which way is up (tag 0x0112). */

import type { Raster } from "../optvis/picture.ts";

/**
 * Orientation 1–8 as in Exif 2.3, section 4.6.4; 1 (upright) where the block is absent or damaged.
 *
 * @param jpeg a JPEG file
 */
export function exifOrientation(jpeg: Uint8Array): number {
  const view = new DataView(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  try {
    // Segments before the image data: marker (2 bytes), then length (2 bytes, counting itself).
    for (let at = 2; view.getUint16(at) !== 0xffda; at += 2 + view.getUint16(at + 2)) {
      const isExif = view.getUint16(at) === 0xffe1 && view.getUint32(at + 4) === 0x45786966;
      if (isExif) return tiffOrientation(view, at + 10);
    }
  } catch {
    // A RangeError: the file ends inside the block. The decoder judges the rest of it.
  }
  return 1;
}

/** Looks through the first directory of the TIFF structure that an EXIF block is. */
function tiffOrientation(view: DataView, tiff: number): number {
  const littleEndian = view.getUint16(tiff) === 0x4949;
  const directory = tiff + view.getUint32(tiff + 4, littleEndian);
  const entries = view.getUint16(directory, littleEndian);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (view.getUint16(entry, littleEndian) !== 0x0112) continue;
    const value = view.getUint16(entry + 8, littleEndian);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** Turns and mirrors a picture upright. */
export function orient(picture: Raster, orientation: number): Raster {
  if (orientation === 1) return picture;
  const transposed = orientation >= 5;
  const width = transposed ? picture.height : picture.width;
  const height = transposed ? picture.width : picture.height;
  // Of the stored picture's axes, which run backwards in the upright one.
  const flipX = [2, 3, 7, 8].includes(orientation);
  const flipY = [3, 4, 6, 7].includes(orientation);
  const { channels, data } = picture;
  const upright = new Float32Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const along = transposed ? y : x;
      const down = transposed ? x : y;
      const sourceX = flipX ? picture.width - 1 - along : along;
      const sourceY = flipY ? picture.height - 1 - down : down;
      for (let c = 0; c < channels; c++) {
        upright[(y * width + x) * channels + c] =
          data[(sourceY * picture.width + sourceX) * channels + c] ?? 0;
      }
    }
  }
  return { width, height, channels, data: upright };
}
