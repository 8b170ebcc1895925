// 3×3 convolution, stride 1, zero padding p, by tiles in workgroup memory.
//
//   y[n,k,i,j] = b[k] + Σ_c Σ_r Σ_s w[c,r,s,k] · x[n,c,i+r−p,j+s−p]
//
// x is (N,C,H,W), y is (N,K,H+2p−2,W+2p−2), w is packed (C,3,3,K′) with K′ = K rounded up to 8. The backward pass is
// the same convolution of dy with flipped, transposed weights (conv3x3_pack.wgsl) and padding 2 − p.
//
// A workgroup makes 4·QUADS channels × ROWS rows × 8 pixels, an invocation 4 channels × 8 pixels of a row. For every
// CHUNK input channels all invocations stage a patch of the input and the weights. Then each multiplies out of that
// memory.
#import lib/conv3x3_block

@group(0) @binding(2) var<storage, read> weights: array<vec4f>;

override QUADS: u32 = 8;
override ROWS: u32 = 8;
const CHUNK = 4u;
const WIDTH = 10u;

// x by channel, row, column; the rows of the tile and one above and below.
var<workgroup> patch_x: array<f32, CHUNK * (ROWS + 2) * WIDTH>;
// w by channel, tap, quad.
var<workgroup> patch_w: array<vec4f, CHUNK * 9 * QUADS>;

// Channels c to c+CHUNK−1 of the patch; zeros outside of the image and beyond the last channel.
fn stage_input(n: u32, c: u32, top: u32, left: u32, local: u32) {
  let area = (ROWS + 2u) * WIDTH;
  for (var i = local; i < CHUNK * area; i += QUADS * ROWS) {
    let channel = c + i / area;
    let y = top + i % area / WIDTH;
    let x = left + i % WIDTH;
    let inside = channel < shape.inputChannels && y < shape.inputHeight && x < shape.inputWidth;
    let index = ((n * shape.inputChannels + channel) * shape.inputHeight + y) * shape.inputWidth + x;
    patch_x[i] = load(index, inside);
  }
}

// Weights of the same channels to the workgroup's quads; zeros beyond the last of either.
fn stage_weights(c: u32, first: u32, local: u32) {
  let stride = (shape.outputChannels + 7u) / 8u * 2u;
  for (var i = local; i < CHUNK * 9u * QUADS; i += QUADS * ROWS) {
    let row = c * 9u + i / QUADS;
    let quad = first + i % QUADS;
    let inside = row < shape.inputChannels * 9u && quad < stride;
    patch_w[i] = select(vec4f(0.0), weights[row * stride + quad], inside);
  }
}

fn convolve(at: Place, local: u32, start: vec4f) -> Quad {
  let row = local % ROWS;
  let quad = local / ROWS;
  let top = at.y - row - shape.pad;
  let left = at.x - shape.pad;
  var y0 = start;
  var y1 = start;
  var y2 = start;
  var y3 = start;
  var y4 = start;
  var y5 = start;
  var y6 = start;
  var y7 = start;
  for (var c = 0u; c < shape.inputChannels; c += CHUNK) {
    stage_input(at.n, c, top, left, local);
    stage_weights(c, at.k / 4u - quad, local);
    workgroupBarrier();
    var w = quad;
    for (var channel = 0u; channel < CHUNK; channel++) {
      var base = (channel * (ROWS + 2u) + row) * WIDTH;
      for (var r = 0u; r < 3u; r++) {
        let x0 = patch_x[base];
        let x1 = patch_x[base + 1u];
        let x2 = patch_x[base + 2u];
        let x3 = patch_x[base + 3u];
        let x4 = patch_x[base + 4u];
        let x5 = patch_x[base + 5u];
        let x6 = patch_x[base + 6u];
        let x7 = patch_x[base + 7u];
        let x8 = patch_x[base + 8u];
        let x9 = patch_x[base + 9u];
        let w0 = patch_w[w];
        let w1 = patch_w[w + QUADS];
        let w2 = patch_w[w + 2u * QUADS];
        y0 = fma(vec4f(x2), w2, fma(vec4f(x1), w1, fma(vec4f(x0), w0, y0)));
        y1 = fma(vec4f(x3), w2, fma(vec4f(x2), w1, fma(vec4f(x1), w0, y1)));
        y2 = fma(vec4f(x4), w2, fma(vec4f(x3), w1, fma(vec4f(x2), w0, y2)));
        y3 = fma(vec4f(x5), w2, fma(vec4f(x4), w1, fma(vec4f(x3), w0, y3)));
        y4 = fma(vec4f(x6), w2, fma(vec4f(x5), w1, fma(vec4f(x4), w0, y4)));
        y5 = fma(vec4f(x7), w2, fma(vec4f(x6), w1, fma(vec4f(x5), w0, y5)));
        y6 = fma(vec4f(x8), w2, fma(vec4f(x7), w1, fma(vec4f(x6), w0, y6)));
        y7 = fma(vec4f(x9), w2, fma(vec4f(x8), w1, fma(vec4f(x7), w0, y7)));
        base += WIDTH;
        w += 3u * QUADS;
      }
    }
    workgroupBarrier();
  }
  return Quad(y0, y1, y2, y3, y4, y5, y6, y7);
}

@compute @workgroup_size(ROWS, QUADS)
fn conv3x3_forward_workgroup(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let at = place(group, local);
  store_quad(at, at.k, convolve(at, local, biases(at.k)));
}

@compute @workgroup_size(ROWS, QUADS)
fn conv3x3_forward_relu_workgroup(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let at = place(group, local);
  store_relu(at, at.k, convolve(at, local, biases(at.k)));
}

// The max-pool of the ReLU as well.
@compute @workgroup_size(ROWS, QUADS)
fn conv3x3_forward_relu_pool_workgroup(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let at = place(group, local);
  store_relu_pool(at, local, convolve(at, local, biases(at.k)));
}

@compute @workgroup_size(ROWS, QUADS)
fn conv3x3_backward_input_workgroup(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let at = place(group, local);
  store_quad(at, at.k, convolve(at, local, vec4f(0.0)));
}

// The gradient through the ReLU before this convolution as well.
@compute @workgroup_size(ROWS, QUADS)
fn conv3x3_backward_input_relu_workgroup(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let at = place(group, local);
  store_masked(at, at.k, convolve(at, local, vec4f(0.0)));
}
