// 3×3 convolution, stride 1, zero padding p, by one kernel for everything: either direction, alone, with the ReLU after
// it, or with the ReLU before it on the way back.
//
//   y[n,k,i,j] = b[k] + Σ_c Σ_r Σ_s w[c,r,s,k] · x[n,c,i+r−p,j+s−p]
//
// x is (N,C,H,W), y is (N,K,H+2p−2,W+2p−2), w is packed (C,3,3,K′) with K′ = K rounded up to 8. The backward pass is
// the same convolution of dy with flipped, transposed weights (conv3x3_pack.wgsl), padding 2 − p and a bias of zeros.
//
// One invocation makes 4 channels × 16 pixels of a row and keeps the 64 sums in registers. Where there are few output
// channels (the 3 of an image, or the 1 of an objective), a tile of 8 channels would be part empty. Every output is
// summed in the same order, so equal pixels stay equal.
#import lib/conv3x3_tile

struct Shape {
  inputChannels: u32,
  inputHeight: u32,
  inputWidth: u32,
  outputChannels: u32,
  outputHeight: u32,
  outputWidth: u32,
  pad: u32,
  fused: u32,  // 0: nothing
}

// y = max(y, 0), and the bits y > 0.
const RELU = 1u;
// dx = 0 where the mask's bit is not set.
const MASK = 2u;

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;

// Invocations in a workgroup; they stand along the row tiles of one group of 4 channels.
const WORKGROUP = 32u;

fn finish(at: Place, quad: Quad) {
  if (shape.fused == RELU) {
    store_relu(at, at.k, quad);
  } else if (shape.fused == MASK) {
    store_masked(at, at.k, quad);
  } else {
    store_quad(at, at.k, quad);
  }
}

@compute @workgroup_size(WORKGROUP)
fn conv3x3_single(@builtin(global_invocation_id) id: vec3u) {
  let tiles = (shape.outputWidth + 15u) / 16u;
  let groups = (shape.outputChannels + 3u) / 4u;
  let at = Place(
    id.y / groups,
    id.y % groups * 4u,
    id.x / tiles,
    id.x % tiles * 16u,
    id.x / tiles < shape.outputHeight,
  );
  let stride = (shape.outputChannels + 7u) / 8u * 2u;
  let left = at.x - shape.pad;
  let start = biases(at.k);
  var s0 = start;
  var s1 = start;
  var s2 = start;
  var s3 = start;
  var s4 = start;
  var s5 = start;
  var s6 = start;
  var s7 = start;
  var s8 = start;
  var s9 = start;
  var s10 = start;
  var s11 = start;
  var s12 = start;
  var s13 = start;
  var s14 = start;
  var s15 = start;
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
  let in10 = left + 10u < shape.inputWidth;
  let in11 = left + 11u < shape.inputWidth;
  let in12 = left + 12u < shape.inputWidth;
  let in13 = left + 13u < shape.inputWidth;
  let in14 = left + 14u < shape.inputWidth;
  let in15 = left + 15u < shape.inputWidth;
  let in16 = left + 16u < shape.inputWidth;
  let in17 = left + 17u < shape.inputWidth;
  var w = at.k / 4u;
  // Where a workgroup has more invocations than there are row tiles, the rest sum nothing.
  let channels = select(0u, shape.inputChannels, at.inside);
  // One loop over the rows of all channels: a driver that unrolls the three of each compiles three times as long.
  for (var q = 0u; q < 3u * channels; q++) {
    let y = at.y + q % 3u - shape.pad;
    let row = y < shape.inputHeight;
    let base = ((at.n * shape.inputChannels + q / 3u) * shape.inputHeight + y) * shape.inputWidth + left;
    let a = weights[w];
    let b = weights[w + stride];
    let c = weights[w + 2u * stride];
    w += 3u * stride;
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
    let x10 = load(base + 10u, row && in10);
    let x11 = load(base + 11u, row && in11);
    let x12 = load(base + 12u, row && in12);
    let x13 = load(base + 13u, row && in13);
    let x14 = load(base + 14u, row && in14);
    let x15 = load(base + 15u, row && in15);
    let x16 = load(base + 16u, row && in16);
    let x17 = load(base + 17u, row && in17);
    s0 = fma(vec4f(x0), a, s0);
    s1 = fma(vec4f(x1), a, s1);
    s2 = fma(vec4f(x2), a, s2);
    s3 = fma(vec4f(x3), a, s3);
    s4 = fma(vec4f(x4), a, s4);
    s5 = fma(vec4f(x5), a, s5);
    s6 = fma(vec4f(x6), a, s6);
    s7 = fma(vec4f(x7), a, s7);
    s8 = fma(vec4f(x8), a, s8);
    s9 = fma(vec4f(x9), a, s9);
    s10 = fma(vec4f(x10), a, s10);
    s11 = fma(vec4f(x11), a, s11);
    s12 = fma(vec4f(x12), a, s12);
    s13 = fma(vec4f(x13), a, s13);
    s14 = fma(vec4f(x14), a, s14);
    s15 = fma(vec4f(x15), a, s15);
    s0 = fma(vec4f(x1), b, s0);
    s1 = fma(vec4f(x2), b, s1);
    s2 = fma(vec4f(x3), b, s2);
    s3 = fma(vec4f(x4), b, s3);
    s4 = fma(vec4f(x5), b, s4);
    s5 = fma(vec4f(x6), b, s5);
    s6 = fma(vec4f(x7), b, s6);
    s7 = fma(vec4f(x8), b, s7);
    s8 = fma(vec4f(x9), b, s8);
    s9 = fma(vec4f(x10), b, s9);
    s10 = fma(vec4f(x11), b, s10);
    s11 = fma(vec4f(x12), b, s11);
    s12 = fma(vec4f(x13), b, s12);
    s13 = fma(vec4f(x14), b, s13);
    s14 = fma(vec4f(x15), b, s14);
    s15 = fma(vec4f(x16), b, s15);
    s0 = fma(vec4f(x2), c, s0);
    s1 = fma(vec4f(x3), c, s1);
    s2 = fma(vec4f(x4), c, s2);
    s3 = fma(vec4f(x5), c, s3);
    s4 = fma(vec4f(x6), c, s4);
    s5 = fma(vec4f(x7), c, s5);
    s6 = fma(vec4f(x8), c, s6);
    s7 = fma(vec4f(x9), c, s7);
    s8 = fma(vec4f(x10), c, s8);
    s9 = fma(vec4f(x11), c, s9);
    s10 = fma(vec4f(x12), c, s10);
    s11 = fma(vec4f(x13), c, s11);
    s12 = fma(vec4f(x14), c, s12);
    s13 = fma(vec4f(x15), c, s13);
    s14 = fma(vec4f(x16), c, s14);
    s15 = fma(vec4f(x17), c, s15);
  }
  finish(at, Quad(s0, s1, s2, s3, s4, s5, s6, s7));
  let right = at.x + 8u;
  let inside = at.inside && right < shape.outputWidth;
  finish(Place(at.n, at.k, at.y, right, inside), Quad(s8, s9, s10, s11, s12, s13, s14, s15));
}
