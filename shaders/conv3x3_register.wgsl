// 3×3 convolution, stride 1, zero padding p, by register tiles.
//
//   y[n,k,i,j] = b[k] + Σ_c Σ_r Σ_s w[c,r,s,k] · x[n,c,i+r−p,j+s−p]
//
// x is (N,C,H,W), y is (N,K,H+2p−2,W+2p−2), w is packed (C,3,3,K′) with K′ = K rounded up to 8. The backward pass is
// the same convolution of dy with flipped, transposed weights (conv3x3_pack.wgsl) and padding 2 − p.
//
// One invocation makes 8 channels × 8 pixels of a row. It keeps the 64 sums in registers and shares nothing, so there
// is no barrier. The entry points differ in what they do with the finished tile.
#import lib/conv3x3_shape
#import lib/conv3x3_tile

@group(0) @binding(2) var<storage, read> weights: array<vec4f>;

// Invocations in a workgroup; they stand along the row tiles of one group of 8 channels. One number for all shapes:
// a driver compiles a pipeline anew for each.
const WORKGROUP = 32u;

// Sums of channels 0–3 (lo) and 4–7 (hi) at each of 8 pixels.
struct Tile {
  lo: Quad,
  hi: Quad,
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
  // Where a workgroup has more invocations than there are row tiles, the rest sum nothing.
  let channels = select(0u, shape.inputChannels, at.inside);
  // One loop over the rows of all channels: a driver that unrolls the three of each compiles three times as long.
  for (var q = 0u; q < 3u * channels; q++) {
    let y = at.y + q % 3u - shape.pad;
    let row = y < shape.inputHeight;
    let base = ((at.n * shape.inputChannels + q / 3u) * shape.inputHeight + y) * shape.inputWidth + left;
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
  return Tile(
    Quad(lo0, lo1, lo2, lo3, lo4, lo5, lo6, lo7),
    Quad(hi0, hi1, hi2, hi3, hi4, hi5, hi6, hi7),
  );
}

@compute @workgroup_size(WORKGROUP)
fn conv3x3_forward_register(@builtin(global_invocation_id) id: vec3u) {
  let at = row_tile(id, 8u);
  let tile = convolve(at, biases(at.k), biases(at.k + 4u));
  store_quad(at, at.k, tile.lo);
  store_quad(at, at.k + 4u, tile.hi);
}

@compute @workgroup_size(WORKGROUP)
fn conv3x3_forward_relu_register(@builtin(global_invocation_id) id: vec3u) {
  let at = row_tile(id, 8u);
  let tile = convolve(at, biases(at.k), biases(at.k + 4u));
  store_relu(at, at.k, tile.lo);
  store_relu(at, at.k + 4u, tile.hi);
}

@compute @workgroup_size(WORKGROUP)
fn conv3x3_backward_input_register(@builtin(global_invocation_id) id: vec3u) {
  let at = row_tile(id, 8u);
  let tile = convolve(at, vec4f(0.0), vec4f(0.0));
  store_quad(at, at.k, tile.lo);
  store_quad(at, at.k + 4u, tile.hi);
}

// The gradient through the ReLU before this convolution as well.
@compute @workgroup_size(WORKGROUP)
fn conv3x3_backward_input_relu_register(@builtin(global_invocation_id) id: vec3u) {
  let at = row_tile(id, 8u);
  let tile = convolve(at, vec4f(0.0), vec4f(0.0));
  store_masked(at, at.k, tile.lo);
  store_masked(at, at.k + 4u, tile.hi);
}
