/** Hangs the images of a batch side by side in one picture, as square as it can be. */
import type { Size } from "../model/network.ts";

/** Columns of the wall of a batch, and its size in pixels. */
export function wallSize(batch: number, [height, width]: Size) {
  const columns = Math.ceil(Math.sqrt(batch));
  return { columns, width: columns * width, height: Math.ceil(batch / columns) * height };
}

/**
 * Hangs the images row by row. Places without an image are black.
 * @param images (N,3,H,W), or of grey (N,1,H,W)
 * @param alpha their opacity, (N,1,H,W), where they have one: places without an image are transparent then
 * @returns RGB (3,H′,W′), or grey (1,H′,W′), and opacity (1,H′,W′)
 */
export function hangWall(
  images: Float32Array,
  batch: number,
  size: Size,
  alpha?: Float32Array,
): { readonly rgb: Float32Array; readonly size: Size; readonly alpha?: Float32Array } {
  const wall = wallSize(batch, size);
  return {
    rgb: hangPlanes(images, images.length / (batch * size[0] * size[1]), batch, size),
    size: [wall.height, wall.width],
    ...(alpha && { alpha: hangPlanes(alpha, 1, batch, size) }),
  };
}

/** @param images (N,C,H,W) */
function hangPlanes(
  images: Float32Array,
  planes: number,
  batch: number,
  [height, width]: Size,
): Float32Array {
  if (batch === 1) return images;
  const wall = wallSize(batch, [height, width]);
  const all = new Float32Array(planes * wall.height * wall.width);
  for (let row = 0; row < batch * planes * height; row++) {
    const [n, plane, y] = [
      Math.floor(row / height / planes),
      Math.floor(row / height) % planes,
      row % height,
    ];
    const top = Math.floor(n / wall.columns) * height;
    const left = (n % wall.columns) * width;
    const line = images.subarray(row * width, (row + 1) * width);
    all.set(line, (plane * wall.height + top + y) * wall.width + left);
  }
  return all;
}
