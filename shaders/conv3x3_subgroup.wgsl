// 3×3 convolution, stride 1, zero padding p, by register tiles whose weights are shared in the subgroup.
//
//   y[n,k,i,j] = b[k] + Σ_c Σ_r Σ_s w[c,r,s,k] · x[n,c,i+r−p,j+s−p]
//
// x is (N,C,H,W), y is (N,K,H+2p−2,W+2p−2), w is packed (C,3,3,K′) with K′ = K rounded up to 8. The backward pass is
// the same convolution of dy with flipped, transposed weights (conv3x3_pack.wgsl) and padding 2 − p.
//
// An invocation makes 16 channels × 8 pixels of a row. All invocations of a workgroup make the same channels. So the
// first four lanes of a subgroup load 4 weights each and broadcast them. A subgroup has at least four lanes, and
// nothing else depends on how many there are.
enable subgroups;
#import lib/conv3x3_shape
#import lib/conv3x3_tile

@group(0) @binding(2) var<storage, read> weights: array<vec4f>;

// Invocations in a workgroup, a multiple of 4; they stand along the row tiles of one group of channels.
override WORKGROUP: u32 = 32;

// Sums by quad of channels.
struct Tile {
  q0: Quad,
  q1: Quad,
  q2: Quad,
  q3: Quad,
}

fn convolve(at: Place, lane: u32, b0: vec4f, b1: vec4f, b2: vec4f, b3: vec4f) -> Tile {
  let stride = (shape.outputChannels + 7u) / 8u * 2u;
  let left = at.x - shape.pad;
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
  var y00 = b0;
  var y01 = b0;
  var y02 = b0;
  var y03 = b0;
  var y04 = b0;
  var y05 = b0;
  var y06 = b0;
  var y07 = b0;
  var y10 = b1;
  var y11 = b1;
  var y12 = b1;
  var y13 = b1;
  var y14 = b1;
  var y15 = b1;
  var y16 = b1;
  var y17 = b1;
  var y20 = b2;
  var y21 = b2;
  var y22 = b2;
  var y23 = b2;
  var y24 = b2;
  var y25 = b2;
  var y26 = b2;
  var y27 = b2;
  var y30 = b3;
  var y31 = b3;
  var y32 = b3;
  var y33 = b3;
  var y34 = b3;
  var y35 = b3;
  var y36 = b3;
  var y37 = b3;
  var w = min(at.k / 4u + lane % 4u, stride - 1u);
  for (var c = 0u; c < shape.inputChannels; c++) {
    for (var r = 0u; r < 3u; r++) {
      let y = at.y + r - shape.pad;
      let row = y < shape.inputHeight;
      let base = ((at.n * shape.inputChannels + c) * shape.inputHeight + y) * shape.inputWidth + left;
      let x0 = vec4f(load(base + 0u, row && in0));
      let x1 = vec4f(load(base + 1u, row && in1));
      let x2 = vec4f(load(base + 2u, row && in2));
      let x3 = vec4f(load(base + 3u, row && in3));
      let x4 = vec4f(load(base + 4u, row && in4));
      let x5 = vec4f(load(base + 5u, row && in5));
      let x6 = vec4f(load(base + 6u, row && in6));
      let x7 = vec4f(load(base + 7u, row && in7));
      let x8 = vec4f(load(base + 8u, row && in8));
      let x9 = vec4f(load(base + 9u, row && in9));
      let w0 = weights[w];
      let w1 = weights[w + stride];
      let w2 = weights[w + 2u * stride];
      w += 3u * stride;
      let w00 = subgroupBroadcast(w0, 0u);
      let w10 = subgroupBroadcast(w1, 0u);
      let w20 = subgroupBroadcast(w2, 0u);
      let w01 = subgroupBroadcast(w0, 1u);
      let w11 = subgroupBroadcast(w1, 1u);
      let w21 = subgroupBroadcast(w2, 1u);
      let w02 = subgroupBroadcast(w0, 2u);
      let w12 = subgroupBroadcast(w1, 2u);
      let w22 = subgroupBroadcast(w2, 2u);
      let w03 = subgroupBroadcast(w0, 3u);
      let w13 = subgroupBroadcast(w1, 3u);
      let w23 = subgroupBroadcast(w2, 3u);
      y00 = fma(x2, w20, fma(x1, w10, fma(x0, w00, y00)));
      y01 = fma(x3, w20, fma(x2, w10, fma(x1, w00, y01)));
      y02 = fma(x4, w20, fma(x3, w10, fma(x2, w00, y02)));
      y03 = fma(x5, w20, fma(x4, w10, fma(x3, w00, y03)));
      y04 = fma(x6, w20, fma(x5, w10, fma(x4, w00, y04)));
      y05 = fma(x7, w20, fma(x6, w10, fma(x5, w00, y05)));
      y06 = fma(x8, w20, fma(x7, w10, fma(x6, w00, y06)));
      y07 = fma(x9, w20, fma(x8, w10, fma(x7, w00, y07)));
      y10 = fma(x2, w21, fma(x1, w11, fma(x0, w01, y10)));
      y11 = fma(x3, w21, fma(x2, w11, fma(x1, w01, y11)));
      y12 = fma(x4, w21, fma(x3, w11, fma(x2, w01, y12)));
      y13 = fma(x5, w21, fma(x4, w11, fma(x3, w01, y13)));
      y14 = fma(x6, w21, fma(x5, w11, fma(x4, w01, y14)));
      y15 = fma(x7, w21, fma(x6, w11, fma(x5, w01, y15)));
      y16 = fma(x8, w21, fma(x7, w11, fma(x6, w01, y16)));
      y17 = fma(x9, w21, fma(x8, w11, fma(x7, w01, y17)));
      y20 = fma(x2, w22, fma(x1, w12, fma(x0, w02, y20)));
      y21 = fma(x3, w22, fma(x2, w12, fma(x1, w02, y21)));
      y22 = fma(x4, w22, fma(x3, w12, fma(x2, w02, y22)));
      y23 = fma(x5, w22, fma(x4, w12, fma(x3, w02, y23)));
      y24 = fma(x6, w22, fma(x5, w12, fma(x4, w02, y24)));
      y25 = fma(x7, w22, fma(x6, w12, fma(x5, w02, y25)));
      y26 = fma(x8, w22, fma(x7, w12, fma(x6, w02, y26)));
      y27 = fma(x9, w22, fma(x8, w12, fma(x7, w02, y27)));
      y30 = fma(x2, w23, fma(x1, w13, fma(x0, w03, y30)));
      y31 = fma(x3, w23, fma(x2, w13, fma(x1, w03, y31)));
      y32 = fma(x4, w23, fma(x3, w13, fma(x2, w03, y32)));
      y33 = fma(x5, w23, fma(x4, w13, fma(x3, w03, y33)));
      y34 = fma(x6, w23, fma(x5, w13, fma(x4, w03, y34)));
      y35 = fma(x7, w23, fma(x6, w13, fma(x5, w03, y35)));
      y36 = fma(x8, w23, fma(x7, w13, fma(x6, w03, y36)));
      y37 = fma(x9, w23, fma(x8, w13, fma(x7, w03, y37)));
    }
  }
  return Tile(
    Quad(y00, y01, y02, y03, y04, y05, y06, y07),
    Quad(y10, y11, y12, y13, y14, y15, y16, y17),
    Quad(y20, y21, y22, y23, y24, y25, y26, y27),
    Quad(y30, y31, y32, y33, y34, y35, y36, y37),
  );
}

@compute @workgroup_size(WORKGROUP)
fn conv3x3_forward_subgroup(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let at = row_tile(id, 16u);
  let tile = convolve(at, lane, biases(at.k), biases(at.k + 4u), biases(at.k + 8u), biases(at.k + 12u));
  store_quad(at, at.k, tile.q0);
  store_quad(at, at.k + 4u, tile.q1);
  store_quad(at, at.k + 8u, tile.q2);
  store_quad(at, at.k + 12u, tile.q3);
}

@compute @workgroup_size(WORKGROUP)
fn conv3x3_forward_relu_subgroup(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let at = row_tile(id, 16u);
  let tile = convolve(at, lane, biases(at.k), biases(at.k + 4u), biases(at.k + 8u), biases(at.k + 12u));
  store_relu(at, at.k, tile.q0);
  store_relu(at, at.k + 4u, tile.q1);
  store_relu(at, at.k + 8u, tile.q2);
  store_relu(at, at.k + 12u, tile.q3);
}

@compute @workgroup_size(WORKGROUP)
fn conv3x3_backward_input_subgroup(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let at = row_tile(id, 16u);
  let tile = convolve(at, lane, vec4f(0.0), vec4f(0.0), vec4f(0.0), vec4f(0.0));
  store_quad(at, at.k, tile.q0);
  store_quad(at, at.k + 4u, tile.q1);
  store_quad(at, at.k + 8u, tile.q2);
  store_quad(at, at.k + 12u, tile.q3);
}

// The gradient through the ReLU before this convolution as well.
@compute @workgroup_size(WORKGROUP)
fn conv3x3_backward_input_relu_subgroup(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let at = row_tile(id, 16u);
  let tile = convolve(at, lane, vec4f(0.0), vec4f(0.0), vec4f(0.0), vec4f(0.0));
  store_masked(at, at.k, tile.q0);
  store_masked(at, at.k + 4u, tile.q1);
  store_masked(at, at.k + 8u, tile.q2);
  store_masked(at, at.k + 12u, tile.q3);
}
