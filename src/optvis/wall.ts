/** A batch of images as one picture: a wall, as square as it can be. */

type Size = readonly [height: number, width: number];

/** Columns of the wall of a batch, and its size in pixels. */
export function wallSize(batch: number, [height, width]: Size) {
  const columns = Math.ceil(Math.sqrt(batch));
  return { columns, width: columns * width, height: Math.ceil(batch / columns) * height };
}

/**
 * The images side by side, row by row; places without an image are black.
 * @param images (N,3,H,W)
 * @returns RGB (3,H′,W′)
 */
export function hangWall(
  images: Float32Array,
  batch: number,
  [height, width]: Size,
): { readonly rgb: Float32Array; readonly size: Size } {
  const wall = wallSize(batch, [height, width]);
  if (batch === 1) return { rgb: images, size: [height, width] };
  const rgb = new Float32Array(3 * wall.height * wall.width);
  for (let row = 0; row < batch * 3 * height; row++) {
    const [n, colour, y] = [Math.floor(row / height / 3), Math.floor(row / height) % 3, row % height];
    const top = Math.floor(n / wall.columns) * height;
    const left = (n % wall.columns) * width;
    const line = images.subarray(row * width, (row + 1) * width);
    rgb.set(line, (colour * wall.height + top + y) * wall.width + left);
  }
  return { rgb, size: [wall.height, wall.width] };
}
