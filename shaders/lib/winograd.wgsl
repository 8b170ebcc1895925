// What the passes of a Winograd convolution share: how the output is cut into tiles of TILE×TILE pixels, and
// what is read and written around them. The file that imports this says how large a TILE is.
//
// A pass goes through the image in bands of `rows` rows of tiles, so that its workspace stays small. Tile
// t = (n·rows + i)·columns + j of a band covers pixels TILE·(top + i) … by TILE·j … of image n. The number of
// tiles is padded to `paddedTiles`; the rest is multiplied as well and never read.
#import lib/bits
#import lib/index
#import lib/pool

struct Shape {
  batch: u32,
  inputChannels: u32,
  inputHeight: u32,
  inputWidth: u32,
  outputChannels: u32,
  outputHeight: u32,
  outputWidth: u32,
  pad: u32,
  top: u32,
  rows: u32,
  columns: u32,
  paddedTiles: u32,
  paddedChannels: u32,  // of the output, a multiple of 16
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> transformed: array<f32>;
@group(0) @binding(3) var<storage, read> products: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> output: array<f32>;
@group(0) @binding(6) var<storage, read_write> bits: array<u32>;
@group(0) @binding(7) var<storage, read> mask: array<u32>;
@group(0) @binding(8) var<storage, read_write> winners: array<u32>;

// One tile of one channel on the way in: its number, its channel, the plane it lies in, its first pixel.
struct Source {
  t: u32,
  c: u32,
  base: u32,
  y: u32,
  x: u32,
  inside: bool,
}

fn source(index: u32) -> Source {
  let area = shape.rows * shape.columns;
  let tiles = shape.batch * area;
  let t = index % tiles;
  let c = index / tiles;
  return Source(t, c, (t / area * shape.inputChannels + c) * shape.inputHeight * shape.inputWidth,
    (shape.top + t % area / shape.columns) * TILE - shape.pad, t % shape.columns * TILE - shape.pad, c < shape.inputChannels);
}

// Input (y, x) of the plane that begins at `base`; zero outside.
fn load(base: u32, y: u32, x: u32) -> f32 {
  return select(0.0, input[base + y * shape.inputWidth + x], y < shape.inputHeight && x < shape.inputWidth);
}

// One word of bits on the way out: image, first of 4 channels, row of tiles in the band, first row of pixels,
// first of 8 pixels.
struct Place {
  n: u32,
  k: u32,
  i: u32,
  y: u32,
  x: u32,
  inside: bool,
}

fn place(index: u32) -> Place {
  let words = (shape.outputWidth + 7u) / 8u;
  let quads = (shape.outputChannels + 3u) / 4u;
  let n = index / words / shape.rows / quads;
  let i = index / words % shape.rows;
  return Place(n, index / words / shape.rows % quads * 4u, i, (shape.top + i) * TILE, index % words * 8u,
    n < shape.batch);
}

// One tile of one channel of a word: where its products begin, its channel, its first pixel in the word.
struct Unit {
  product: u32,
  k: u32,
  i: u32,
  inside: bool,
}

// Unit u of the word: tiles side by side, then channels.
fn unit(at: Place, u: u32) -> Unit {
  let k = at.k + u / (8u / TILE);
  let i = u % (8u / TILE) * TILE;
  let t = (at.n * shape.rows + at.i) * shape.columns + (at.x + i) / TILE;
  return Unit(t * shape.paddedChannels + k, k, i, k < shape.outputChannels && at.x + i < shape.outputWidth);
}

// Between the products of one tile.
fn product_stride() -> u32 {
  return shape.paddedTiles * shape.paddedChannels;
}

fn store_pixel(at: Place, k: u32, y: u32, x: u32, v: f32) {
  if (y < shape.outputHeight && x < shape.outputWidth) {
    output[((at.n * shape.outputChannels + k) * shape.outputHeight + y) * shape.outputWidth + x] = v;
  }
}

// The bit of the unit's first pixel in its word.
fn first_bit(unit: Unit) -> u32 {
  return 8u * (unit.k % 4u) + unit.i;
}

// The word of row y.
fn word(at: Place, y: u32) -> u32 {
  return word_index(at.n, at.k, y, at.x, shape.outputChannels, shape.outputHeight, shape.outputWidth);
}

// The mask of row y; below the image, the last row's.
fn mask_word(at: Place, y: u32) -> u32 {
  return mask[word(at, min(y, shape.outputHeight - 1u))];
}

fn store_word(at: Place, y: u32, value: u32) {
  if (y < shape.outputHeight) { bits[word(at, y)] = value; }
}

// The maximum of a window of channel k, pooled pixel (i, j); its winner's bits stand where the window's first bit does.
fn store_pooled(at: Place, k: u32, i: u32, j: u32, v: f32) {
  let height = shape.outputHeight / 2u;
  let width = shape.outputWidth / 2u;
  if (i < height && j < width) { output[((at.n * shape.outputChannels + k) * height + i) * width + j] = v; }
}

// The winners of the word's row i of pooled pixels.
fn store_winners(at: Place, i: u32, value: u32) {
  let height = shape.outputHeight / 2u;
  let width = shape.outputWidth / 2u;
  if (i < height && at.x / 2u < width) {
    winners[winners_index(at.n, at.k, i, at.x / 2u, shape.outputChannels, height, width)] = value;
  }
}
