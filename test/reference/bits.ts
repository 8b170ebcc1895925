import { type Shape4, sizeOf, type Tensor } from "./tensor.ts";

/**
 * Where unit (n,c,y,x) keeps its bit: word (n, ⌊c/4⌋, y, ⌊x/8⌋), bit 8·(c mod 4) + x mod 8, every dimension
 * rounded up.
 */
function placeOfBit([, channels, height, width]: Shape4, n: number, c: number, y: number, x: number) {
  const quads = Math.ceil(channels / 4);
  const columns = Math.ceil(width / 8);
  const word = ((n * quads + Math.floor(c / 4)) * height + y) * columns + Math.floor(x / 8);
  return { word, bit: 8 * (c % 4) + (x % 8) };
}

/** The bits x > 0 of every unit; the rest of a word is 0. */
export function positiveBits(x: Tensor): Uint32Array {
  const [batch, channels, height, width] = x.shape;
  const words = new Uint32Array(batch * Math.ceil(channels / 4) * height * Math.ceil(width / 8));
  forEachUnit(x.shape, (i, n, c, y, column) => {
    const { word, bit } = placeOfBit(x.shape, n, c, y, column);
    if (x.data[i]! > 0) words[word] = (words[word]! | (1 << bit)) >>> 0;
  });
  return words;
}

/** The bit of every unit in NCHW order, 0 or 1, whatever the rest of the words holds. */
export function unpackBits(words: Uint32Array, shape: Shape4): Uint8Array {
  const bits = new Uint8Array(sizeOf(shape));
  forEachUnit(shape, (i, n, c, y, x) => {
    const { word, bit } = placeOfBit(shape, n, c, y, x);
    bits[i] = (words[word]! >>> bit) & 1;
  });
  return bits;
}

/** `unpackBits` of the units in a window of a 2×2 max-pool; 0 for those of an odd last row or column. */
export function unpackPooledBits(words: Uint32Array, shape: Shape4): Uint8Array {
  const bits = unpackBits(words, shape);
  const [, , height, width] = shape;
  forEachUnit(shape, (i, _n, _c, y, x) => {
    if (y >= height - (height % 2) || x >= width - (width % 2)) bits[i] = 0;
  });
  return bits;
}

/**
 * The winners of a max-pool, 0 … 3 in NCHW order, whatever the rest of the words holds. Two bits each: word
 * (n, ⌊c/4⌋, i, ⌊j/4⌋), bits 8·(c mod 4) + 2·(j mod 4).
 *
 * @param shape (N,C,H,W) of the pooled output
 */
export function unpackWinners(words: Uint32Array, shape: Shape4): Uint8Array {
  const winners = new Uint8Array(sizeOf(shape));
  const [, channels, height, width] = shape;
  const [quads, columns] = [Math.ceil(channels / 4), Math.ceil(width / 4)];
  forEachUnit(shape, (at, n, c, i, j) => {
    const word = ((n * quads + Math.floor(c / 4)) * height + i) * columns + Math.floor(j / 4);
    winners[at] = (words[word]! >>> (8 * (c % 4) + 2 * (j % 4))) & 3;
  });
  return winners;
}

function forEachUnit(
  [batch, channels, height, width]: Shape4,
  visit: (index: number, n: number, c: number, y: number, x: number) => void,
): void {
  let index = 0;
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) visit(index++, n, c, y, x);
    }
  }
}
