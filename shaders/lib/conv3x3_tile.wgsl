// What the tiled 3×3 convolutions share: where a tile of 8 pixels of a row stands, and what becomes of its
// finished sums. A quad is the sums of 4 channels at those 8 pixels: the units of one word of bits. The file that
// imports this has the `shape` (lib/conv3x3_shape, or one with more fields).
#import lib/bits
#import lib/pool

@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<storage, read_write> bits: array<u32>;
@group(0) @binding(6) var<storage, read> mask: array<u32>;
@group(0) @binding(8) var<storage, read_write> winners: array<u32>;

alias Quad = array<vec4f, 8>;

// Image, first channel, row, first column.
struct Place {
  n: u32,
  k: u32,
  y: u32,
  x: u32,
  inside: bool,
}

// Invocations stand by 8 pixels of an image's rows along x, and by groups of channels of each image along y.
fn row_tile(id: vec3u, channels: u32) -> Place {
  let tiles = (shape.outputWidth + 7u) / 8u;
  let groups = (shape.outputChannels + channels - 1u) / channels;
  let y = id.x / tiles;
  return Place(id.y / groups, id.y % groups * channels, y, id.x % tiles * 8u, y < shape.outputHeight);
}

fn load(index: u32, inside: bool) -> f32 {
  return select(0.0, input[index], inside);
}

// Of channels k to k+3.
fn biases(k: u32) -> vec4f {
  let last = shape.outputChannels - 1u;
  return vec4f(bias[min(k, last)], bias[min(k + 1u, last)], bias[min(k + 2u, last)], bias[min(k + 3u, last)]);
}

// What of the quad of channels k to k+3 lies in the image, by loops of any length: 32 stores, each under its own
// condition, take a driver longer to compile than all the rest.
fn store_quad(at: Place, k: u32, quad: Quad) {
  if (!at.inside || k >= shape.outputChannels) { return; }
  var sums = quad;
  let area = shape.outputHeight * shape.outputWidth;
  let base = ((at.n * shape.outputChannels + k) * shape.outputHeight + at.y) * shape.outputWidth + at.x;
  let columns = min(8u, shape.outputWidth - at.x);
  let channels = min(4u, shape.outputChannels - k);
  for (var i = 0u; i < columns; i++) {
    for (var c = 0u; c < channels; c++) { output[base + c * area + i] = sums[i][c]; }
  }
}

fn word(at: Place, k: u32) -> u32 {
  return word_index(at.n, k, at.y, at.x, shape.outputChannels, shape.outputHeight, shape.outputWidth);
}

fn relu(quad: Quad) -> Quad {
  return Quad(
    max(quad[0], vec4f(0.0)),
    max(quad[1], vec4f(0.0)),
    max(quad[2], vec4f(0.0)),
    max(quad[3], vec4f(0.0)),
    max(quad[4], vec4f(0.0)),
    max(quad[5], vec4f(0.0)),
    max(quad[6], vec4f(0.0)),
    max(quad[7], vec4f(0.0)),
  );
}

// The bits quad > 0.
fn bits_of(quad: Quad) -> u32 {
  return positive_bits(quad[0], 0u)
    | positive_bits(quad[1], 1u)
    | positive_bits(quad[2], 2u)
    | positive_bits(quad[3], 3u)
    | positive_bits(quad[4], 4u)
    | positive_bits(quad[5], 5u)
    | positive_bits(quad[6], 6u)
    | positive_bits(quad[7], 7u);
}

// y = max(quad, 0), and the bits y > 0.
fn store_relu(at: Place, k: u32, quad: Quad) {
  store_quad(at, k, relu(quad));
  if (!at.inside || k >= shape.outputChannels) { return; }
  bits[word(at, k)] = bits_of(quad);
}

// Zero where the mask's bit is not set.
fn store_masked(at: Place, k: u32, quad: Quad) {
  if (!at.inside || k >= shape.outputChannels) { return; }
  let on = mask[word(at, k)];
  store_quad(at, k, Quad(
    masked(quad[0], on, 0u),
    masked(quad[1], on, 1u),
    masked(quad[2], on, 2u),
    masked(quad[3], on, 3u),
    masked(quad[4], on, 4u),
    masked(quad[5], on, 5u),
    masked(quad[6], on, 6u),
    masked(quad[7], on, 7u),
  ));
}

// The maximum of a window of 4 channels in the rows that were seen, and which pixel it is: two bits a channel, 8 apart.
struct Best {
  value: vec4f,
  which: u32,
}

// Four windows of 4 channels, and the bits y > 0 of their two rows.
struct Pooled {
  best: array<Best, 4>,
  rows: vec2u,
}

// Row r of the window as well: a later pixel wins only if it is larger.
fn with_pixels(best: Best, r: u32, left: vec4f, right: vec4f) -> Best {
  let further = right > left;
  let row = select(left, right, further);
  let wins = (row > best.value) | vec4<bool>(r == 0u);
  let here = channel_bits(wins);
  let which = (best.which & ~(3u * here)) | (2u * r * here) | (channel_bits(further) & here);
  return Best(select(best.value, row, wins), which);
}

// The ReLU of the quad in row r of the windows; row 0 comes first.
fn with_row(pooled: Pooled, r: u32, quad: Quad) -> Pooled {
  let y = relu(quad);
  return Pooled(
    array(
      with_pixels(pooled.best[0], r, y[0], y[1]),
      with_pixels(pooled.best[1], r, y[2], y[3]),
      with_pixels(pooled.best[2], r, y[4], y[5]),
      with_pixels(pooled.best[3], r, y[6], y[7]),
    ),
    pooled.rows | select(vec2u(0u), vec2u(bits_of(quad)), vec2u(r) == vec2u(0u, 1u)),
  );
}

// What of the windows whose upper row is at.y lies in the pooled map.
fn store_pooled(at: Place, k: u32, pooled: Pooled) {
  let height = shape.outputHeight / 2u;
  let width = shape.outputWidth / 2u;
  let i = at.y / 2u;
  let j = at.x / 2u;
  if (i >= height || j >= width || k >= shape.outputChannels) { return; }
  var best = pooled.best;
  let base = ((at.n * shape.outputChannels + k) * height + i) * width + j;
  let columns = min(4u, width - j);
  let channels = min(4u, shape.outputChannels - k);
  for (var column = 0u; column < columns; column++) {
    for (var c = 0u; c < channels; c++) { output[base + c * height * width + column] = best[column].value[c]; }
  }
  winners[winners_index(at.n, k, i, j, shape.outputChannels, height, width)] =
    best[0].which | (best[1].which << 2u) | (best[2].which << 4u) | (best[3].which << 6u);
  bits[word(at, k)] = pooled.rows.x;
  bits[word(at, k) + (shape.outputWidth + 7u) / 8u] = pooled.rows.y;
}
