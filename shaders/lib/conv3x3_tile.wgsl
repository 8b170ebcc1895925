// What the tiled 3×3 convolutions share: where a tile of 8 pixels of a row stands, and what becomes of its
// finished sums. A quad is the sums of 4 channels at those 8 pixels: the units of one word of bits.
#import lib/bits

struct Shape {
  inputChannels: u32,
  inputHeight: u32,
  inputWidth: u32,
  outputChannels: u32,
  outputHeight: u32,
  outputWidth: u32,
  pad: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<storage, read_write> bits: array<u32>;
@group(0) @binding(6) var<storage, read> mask: array<u32>;

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

// y = max(quad, 0), and the bits y > 0.
fn store_relu(at: Place, k: u32, quad: Quad) {
  store_quad(at, k, Quad(
    max(quad[0], vec4f(0.0)),
    max(quad[1], vec4f(0.0)),
    max(quad[2], vec4f(0.0)),
    max(quad[3], vec4f(0.0)),
    max(quad[4], vec4f(0.0)),
    max(quad[5], vec4f(0.0)),
    max(quad[6], vec4f(0.0)),
    max(quad[7], vec4f(0.0)),
  ));
  if (!at.inside || k >= shape.outputChannels) { return; }
  bits[word(at, k)] = positive_bits(quad[0], 0u)
    | positive_bits(quad[1], 1u)
    | positive_bits(quad[2], 2u)
    | positive_bits(quad[3], 3u)
    | positive_bits(quad[4], 4u)
    | positive_bits(quad[5], 5u)
    | positive_bits(quad[6], 6u)
    | positive_bits(quad[7], 7u);
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
