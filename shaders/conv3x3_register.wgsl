// 3×3 convolution, stride 1, zero padding p, by register tiles: one invocation makes 8 channels × 8 pixels
// of a row, keeping its 64 sums in registers and sharing nothing, so there is no barrier.
//
//   y[n,k,i,j] = b[k] + Σ_c Σ_r Σ_s w[c,r,s,k] · x[n,c,i+r−p,j+s−p]
//
// x is (N,C,H,W), y is (N,K,H+2p−2,W+2p−2), w is packed (C,3,3,K′) with K′ = K rounded up to 8. The
// backward pass is the same convolution of dy with flipped, transposed weights (conv3x3_pack.wgsl) and
// padding 2 − p. The entry points differ in what they do with the finished tile.
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
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<storage, read_write> bits: array<u32>;
@group(0) @binding(6) var<storage, read> mask: array<u32>;

// Invocations in a workgroup; they stand along the row tiles of one group of 8 channels.
override WORKGROUP: u32 = 32;

// Sums of channels 0–3 (lo) and 4–7 (hi) at each of 8 pixels.
struct Tile {
  lo: array<vec4f, 8>,
  hi: array<vec4f, 8>,
}

// Where a tile stands: image, first channel, row, first column.
struct Place {
  n: u32,
  k: u32,
  y: u32,
  x: u32,
  inside: bool,
}

fn place(id: vec3u) -> Place {
  let tiles = (shape.outputWidth + 7u) / 8u;
  let groups = (shape.outputChannels + 7u) / 8u;
  let y = id.x / tiles;
  return Place(id.y / groups, id.y % groups * 8u, y, id.x % tiles * 8u, y < shape.outputHeight);
}

fn load(index: u32, inside: bool) -> f32 {
  return select(0.0, input[index], inside);
}

fn convolve(at: Place, start_lo: vec4f, start_hi: vec4f) -> Tile {
  let stride = (shape.outputChannels + 7u) / 8u * 2u;
  let left = at.x - shape.pad;
  var lo0 = start_lo;
  var hi0 = start_hi;
  var lo1 = start_lo;
  var hi1 = start_hi;
  var lo2 = start_lo;
  var hi2 = start_hi;
  var lo3 = start_lo;
  var hi3 = start_hi;
  var lo4 = start_lo;
  var hi4 = start_hi;
  var lo5 = start_lo;
  var hi5 = start_hi;
  var lo6 = start_lo;
  var hi6 = start_hi;
  var lo7 = start_lo;
  var hi7 = start_hi;
  let in0 = left + 0u < shape.inputWidth;
  let in1 = left + 1u < shape.inputWidth;
  let in2 = left + 2u < shape.inputWidth;
  let in3 = left + 3u < shape.inputWidth;
  let in4 = left + 4u < shape.inputWidth;
  let in5 = left + 5u < shape.inputWidth;
  let in6 = left + 6u < shape.inputWidth;
  let in7 = left + 7u < shape.inputWidth;
  let in8 = left + 8u < shape.inputWidth;
  let in9 = left + 9u < shape.inputWidth;
  var w = at.k / 4u;
  for (var c = 0u; c < shape.inputChannels; c++) {
    for (var r = 0u; r < 3u; r++) {
      let y = at.y + r - shape.pad;
      let row = y < shape.inputHeight;
      let base = ((at.n * shape.inputChannels + c) * shape.inputHeight + y) * shape.inputWidth + left;
      let x0 = load(base + 0u, row && in0);
      let x1 = load(base + 1u, row && in1);
      let x2 = load(base + 2u, row && in2);
      let x3 = load(base + 3u, row && in3);
      let x4 = load(base + 4u, row && in4);
      let x5 = load(base + 5u, row && in5);
      let x6 = load(base + 6u, row && in6);
      let x7 = load(base + 7u, row && in7);
      let x8 = load(base + 8u, row && in8);
      let x9 = load(base + 9u, row && in9);
      let a0 = weights[w];
      let b0 = weights[w + 1u];
      lo0 = fma(vec4f(x0), a0, lo0);
      hi0 = fma(vec4f(x0), b0, hi0);
      lo1 = fma(vec4f(x1), a0, lo1);
      hi1 = fma(vec4f(x1), b0, hi1);
      lo2 = fma(vec4f(x2), a0, lo2);
      hi2 = fma(vec4f(x2), b0, hi2);
      lo3 = fma(vec4f(x3), a0, lo3);
      hi3 = fma(vec4f(x3), b0, hi3);
      lo4 = fma(vec4f(x4), a0, lo4);
      hi4 = fma(vec4f(x4), b0, hi4);
      lo5 = fma(vec4f(x5), a0, lo5);
      hi5 = fma(vec4f(x5), b0, hi5);
      lo6 = fma(vec4f(x6), a0, lo6);
      hi6 = fma(vec4f(x6), b0, hi6);
      lo7 = fma(vec4f(x7), a0, lo7);
      hi7 = fma(vec4f(x7), b0, hi7);
      w += stride;
      let a1 = weights[w];
      let b1 = weights[w + 1u];
      lo0 = fma(vec4f(x1), a1, lo0);
      hi0 = fma(vec4f(x1), b1, hi0);
      lo1 = fma(vec4f(x2), a1, lo1);
      hi1 = fma(vec4f(x2), b1, hi1);
      lo2 = fma(vec4f(x3), a1, lo2);
      hi2 = fma(vec4f(x3), b1, hi2);
      lo3 = fma(vec4f(x4), a1, lo3);
      hi3 = fma(vec4f(x4), b1, hi3);
      lo4 = fma(vec4f(x5), a1, lo4);
      hi4 = fma(vec4f(x5), b1, hi4);
      lo5 = fma(vec4f(x6), a1, lo5);
      hi5 = fma(vec4f(x6), b1, hi5);
      lo6 = fma(vec4f(x7), a1, lo6);
      hi6 = fma(vec4f(x7), b1, hi6);
      lo7 = fma(vec4f(x8), a1, lo7);
      hi7 = fma(vec4f(x8), b1, hi7);
      w += stride;
      let a2 = weights[w];
      let b2 = weights[w + 1u];
      lo0 = fma(vec4f(x2), a2, lo0);
      hi0 = fma(vec4f(x2), b2, hi0);
      lo1 = fma(vec4f(x3), a2, lo1);
      hi1 = fma(vec4f(x3), b2, hi1);
      lo2 = fma(vec4f(x4), a2, lo2);
      hi2 = fma(vec4f(x4), b2, hi2);
      lo3 = fma(vec4f(x5), a2, lo3);
      hi3 = fma(vec4f(x5), b2, hi3);
      lo4 = fma(vec4f(x6), a2, lo4);
      hi4 = fma(vec4f(x6), b2, hi4);
      lo5 = fma(vec4f(x7), a2, lo5);
      hi5 = fma(vec4f(x7), b2, hi5);
      lo6 = fma(vec4f(x8), a2, lo6);
      hi6 = fma(vec4f(x8), b2, hi6);
      lo7 = fma(vec4f(x9), a2, lo7);
      hi7 = fma(vec4f(x9), b2, hi7);
      w += stride;
    }
  }
  return Tile(
    array(lo0, lo1, lo2, lo3, lo4, lo5, lo6, lo7),
    array(hi0, hi1, hi2, hi3, hi4, hi5, hi6, hi7),
  );
}

fn store(at: Place, k: u32, i: u32, v: vec4f) {
  if (!at.inside || at.x + i >= shape.outputWidth) { return; }
  let area = shape.outputHeight * shape.outputWidth;
  let base = ((at.n * shape.outputChannels + k) * shape.outputHeight + at.y) * shape.outputWidth + at.x + i;
  if (k < shape.outputChannels) { output[base] = v.x; }
  if (k + 1u < shape.outputChannels) { output[base + area] = v.y; }
  if (k + 2u < shape.outputChannels) { output[base + 2u * area] = v.z; }
  if (k + 3u < shape.outputChannels) { output[base + 3u * area] = v.w; }
}

fn store_tile(at: Place, tile: Tile) {
  store(at, at.k, 0u, tile.lo[0]);
  store(at, at.k + 4u, 0u, tile.hi[0]);
  store(at, at.k, 1u, tile.lo[1]);
  store(at, at.k + 4u, 1u, tile.hi[1]);
  store(at, at.k, 2u, tile.lo[2]);
  store(at, at.k + 4u, 2u, tile.hi[2]);
  store(at, at.k, 3u, tile.lo[3]);
  store(at, at.k + 4u, 3u, tile.hi[3]);
  store(at, at.k, 4u, tile.lo[4]);
  store(at, at.k + 4u, 4u, tile.hi[4]);
  store(at, at.k, 5u, tile.lo[5]);
  store(at, at.k + 4u, 5u, tile.hi[5]);
  store(at, at.k, 6u, tile.lo[6]);
  store(at, at.k + 4u, 6u, tile.hi[6]);
  store(at, at.k, 7u, tile.lo[7]);
  store(at, at.k + 4u, 7u, tile.hi[7]);
}

fn biases(k: u32) -> vec4f {
  let last = shape.outputChannels - 1u;
  return vec4f(bias[min(k, last)], bias[min(k + 1u, last)], bias[min(k + 2u, last)], bias[min(k + 3u, last)]);
}

fn word(at: Place, k: u32) -> u32 {
  return word_index(at.n, k, at.y, at.x, shape.outputChannels, shape.outputHeight, shape.outputWidth);
}

@compute @workgroup_size(WORKGROUP)
fn conv3x3_forward_register(@builtin(global_invocation_id) id: vec3u) {
  let at = place(id);
  store_tile(at, convolve(at, biases(at.k), biases(at.k + 4u)));
}

// y = max(x ∗ w + b, 0), and the bits y > 0.
@compute @workgroup_size(WORKGROUP)
fn conv3x3_forward_relu_register(@builtin(global_invocation_id) id: vec3u) {
  let at = place(id);
  var tile = convolve(at, biases(at.k), biases(at.k + 4u));
  var lo = 0u;
  var hi = 0u;
  lo |= positive_bits(tile.lo[0], 0u);
  hi |= positive_bits(tile.hi[0], 0u);
  tile.lo[0] = max(tile.lo[0], vec4f(0.0));
  tile.hi[0] = max(tile.hi[0], vec4f(0.0));
  lo |= positive_bits(tile.lo[1], 1u);
  hi |= positive_bits(tile.hi[1], 1u);
  tile.lo[1] = max(tile.lo[1], vec4f(0.0));
  tile.hi[1] = max(tile.hi[1], vec4f(0.0));
  lo |= positive_bits(tile.lo[2], 2u);
  hi |= positive_bits(tile.hi[2], 2u);
  tile.lo[2] = max(tile.lo[2], vec4f(0.0));
  tile.hi[2] = max(tile.hi[2], vec4f(0.0));
  lo |= positive_bits(tile.lo[3], 3u);
  hi |= positive_bits(tile.hi[3], 3u);
  tile.lo[3] = max(tile.lo[3], vec4f(0.0));
  tile.hi[3] = max(tile.hi[3], vec4f(0.0));
  lo |= positive_bits(tile.lo[4], 4u);
  hi |= positive_bits(tile.hi[4], 4u);
  tile.lo[4] = max(tile.lo[4], vec4f(0.0));
  tile.hi[4] = max(tile.hi[4], vec4f(0.0));
  lo |= positive_bits(tile.lo[5], 5u);
  hi |= positive_bits(tile.hi[5], 5u);
  tile.lo[5] = max(tile.lo[5], vec4f(0.0));
  tile.hi[5] = max(tile.hi[5], vec4f(0.0));
  lo |= positive_bits(tile.lo[6], 6u);
  hi |= positive_bits(tile.hi[6], 6u);
  tile.lo[6] = max(tile.lo[6], vec4f(0.0));
  tile.hi[6] = max(tile.hi[6], vec4f(0.0));
  lo |= positive_bits(tile.lo[7], 7u);
  hi |= positive_bits(tile.hi[7], 7u);
  tile.lo[7] = max(tile.lo[7], vec4f(0.0));
  tile.hi[7] = max(tile.hi[7], vec4f(0.0));
  store_tile(at, tile);
  if (at.inside) {
    bits[word(at, at.k)] = lo;
    if (at.k + 4u < shape.outputChannels) { bits[word(at, at.k + 4u)] = hi; }
  }
}

@compute @workgroup_size(WORKGROUP)
fn conv3x3_backward_input_register(@builtin(global_invocation_id) id: vec3u) {
  let at = place(id);
  store_tile(at, convolve(at, vec4f(0.0), vec4f(0.0)));
}

// The gradient through the ReLU before this convolution as well: zero where the mask's bit is not set.
@compute @workgroup_size(WORKGROUP)
fn conv3x3_backward_input_relu_register(@builtin(global_invocation_id) id: vec3u) {
  let at = place(id);
  var tile = convolve(at, vec4f(0.0), vec4f(0.0));
  let lo = mask[word(at, at.k)];
  let hi = mask[word(at, min(at.k + 4u, shape.outputChannels - 1u))];
  tile.lo[0] = masked(tile.lo[0], lo, 0u);
  tile.hi[0] = masked(tile.hi[0], hi, 0u);
  tile.lo[1] = masked(tile.lo[1], lo, 1u);
  tile.hi[1] = masked(tile.hi[1], hi, 1u);
  tile.lo[2] = masked(tile.lo[2], lo, 2u);
  tile.hi[2] = masked(tile.hi[2], hi, 2u);
  tile.lo[3] = masked(tile.lo[3], lo, 3u);
  tile.hi[3] = masked(tile.hi[3], hi, 3u);
  tile.lo[4] = masked(tile.lo[4], lo, 4u);
  tile.hi[4] = masked(tile.hi[4], hi, 4u);
  tile.lo[5] = masked(tile.lo[5], lo, 5u);
  tile.hi[5] = masked(tile.hi[5], hi, 5u);
  tile.lo[6] = masked(tile.lo[6], lo, 6u);
  tile.hi[6] = masked(tile.hi[6], hi, 6u);
  tile.lo[7] = masked(tile.lo[7], lo, 7u);
  tile.hi[7] = masked(tile.hi[7], hi, 7u);
  store_tile(at, tile);
}
