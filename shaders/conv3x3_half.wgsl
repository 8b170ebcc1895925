// 3×3 convolution, stride 1, zero padding p, in half precision by tiles in workgroup memory.
//
//   y[n,k,i,j] = b[k] + Σ_c Σ_r Σ_s w[c,r,s,k] · x[n,c,i+r−p,j+s−p]
//
// x is (N,C,H,W), y is (N,K,H+2p−2,W+2p−2), w is packed (C,3,3,K′) with K′ = K rounded up to 8. The backward pass is
// the same convolution of dy with flipped, transposed weights (conv3x3_pack.wgsl) and padding 2 − p.
//
// A workgroup makes 4·QUADS channels × ROWS rows × 8 pixels, an invocation 4 channels × 8 pixels of a row. Input and
// weights are staged as halves. The three products of a row of an input channel are summed in half precision, rows and
// channels in float32.
//
// A gradient may be smaller than any half, and an activation larger. So x is scaled by a power of two while it is
// staged, and the sums are scaled back; the power comes of the measured range of x. Nothing overflows that does not
// overflow in float32. Where x or y is not finite all the same, overflow[0] is set to 1; nothing here clears it.
enable f16;
#import lib/conv3x3_block
#import lib/half_scale

struct Packed {
  range: array<u32, 64>,
  taps: array<vec4<f16>>,
}

@group(0) @binding(2) var<storage, read> weights: Packed;
@group(0) @binding(7) var<storage, read> range: array<u32>;
@group(0) @binding(9) var<storage, read_write> overflow: array<atomic<u32>>;

override QUADS: u32 = 8;
override ROWS: u32 = 8;
const CHUNK = 4u;
const WIDTH = 10u;

// x by channel, row, column; the rows of the tile and one above and below.
var<workgroup> patch_x: array<f16, CHUNK * (ROWS + 2) * WIDTH>;
// w by channel, tap, quad.
var<workgroup> patch_w: array<vec4<f16>, CHUNK * 9 * QUADS>;

var<workgroup> range_x: atomic<u32>;
var<workgroup> range_w: atomic<u32>;

// Channels c to c+CHUNK−1 of the patch; zeros outside of the image and beyond the last channel.
fn stage_input(n: u32, c: u32, top: u32, left: u32, scale: f32, local: u32) {
  let area = (ROWS + 2u) * WIDTH;
  for (var i = local; i < CHUNK * area; i += QUADS * ROWS) {
    let channel = c + i / area;
    let y = top + i % area / WIDTH;
    let x = left + i % WIDTH;
    let inside = channel < shape.inputChannels && y < shape.inputHeight && x < shape.inputWidth;
    let index = ((n * shape.inputChannels + channel) * shape.inputHeight + y) * shape.inputWidth + x;
    patch_x[i] = f16(load(index, inside) * scale);
  }
}

// Weights of the same channels to the workgroup's quads; zeros beyond the last of either.
fn stage_weights(c: u32, first: u32, local: u32) {
  let stride = (shape.outputChannels + 7u) / 8u * 2u;
  for (var i = local; i < CHUNK * 9u * QUADS; i += QUADS * ROWS) {
    let row = c * 9u + i / QUADS;
    let quad = first + i % QUADS;
    let inside = row < shape.inputChannels * 9u && quad < stride;
    patch_w[i] = select(vec4<f16>(), weights.taps[row * stride + quad], inside);
  }
}

// Brings finished sums to the scale of x and w.
fn unscaled(sum: vec4f, scales: vec2f, start: vec4f) -> vec4f {
  return fma(sum * scales.x, vec4f(scales.y), start);
}

// By the bits, since arithmetic need not tell NaN and infinity from numbers.
fn magnitude_bits(sum: vec4f) -> vec4u {
  return bitcast<vec4u>(sum) & vec4u(0x7fffffffu);
}

// Sets the flag where what was read, of magnitudes up to `range_bits`, or a sum is not finite.
fn watch(quad: Quad, range_bits: u32) {
  let low = max(
    max(magnitude_bits(quad[0]), magnitude_bits(quad[1])),
    max(magnitude_bits(quad[2]), magnitude_bits(quad[3])),
  );
  let high = max(
    max(magnitude_bits(quad[4]), magnitude_bits(quad[5])),
    max(magnitude_bits(quad[6]), magnitude_bits(quad[7])),
  );
  if (any(max(low, high) >= vec4u(0x7f800000u)) || range_bits >= 0x7f800000u) {
    atomicStore(&overflow[0], 1u);
  }
}

fn convolve(at: Place, local: u32, start: vec4f) -> Quad {
  if (local < 64u) {
    atomicMax(&range_x, range[local]);
    atomicMax(&range_w, weights.range[local]);
  }
  workgroupBarrier();
  let scale = half_scale(atomicLoad(&range_x));
  let row = local % ROWS;
  let quad = local / ROWS;
  let top = at.y - row - shape.pad;
  let left = at.x - shape.pad;
  var y0 = vec4f(0.0);
  var y1 = vec4f(0.0);
  var y2 = vec4f(0.0);
  var y3 = vec4f(0.0);
  var y4 = vec4f(0.0);
  var y5 = vec4f(0.0);
  var y6 = vec4f(0.0);
  var y7 = vec4f(0.0);
  for (var c = 0u; c < shape.inputChannels; c += CHUNK) {
    stage_input(at.n, c, top, left, scale, local);
    stage_weights(c, at.k / 4u - quad, local);
    workgroupBarrier();
    var w = quad;
    for (var channel = 0u; channel < CHUNK; channel++) {
      var base = (channel * (ROWS + 2u) + row) * WIDTH;
      for (var r = 0u; r < 3u; r++) {
        let x0 = vec4<f16>(patch_x[base]);
        let x1 = vec4<f16>(patch_x[base + 1u]);
        let x2 = vec4<f16>(patch_x[base + 2u]);
        let x3 = vec4<f16>(patch_x[base + 3u]);
        let x4 = vec4<f16>(patch_x[base + 4u]);
        let x5 = vec4<f16>(patch_x[base + 5u]);
        let x6 = vec4<f16>(patch_x[base + 6u]);
        let x7 = vec4<f16>(patch_x[base + 7u]);
        let x8 = vec4<f16>(patch_x[base + 8u]);
        let x9 = vec4<f16>(patch_x[base + 9u]);
        let w0 = patch_w[w];
        let w1 = patch_w[w + QUADS];
        let w2 = patch_w[w + 2u * QUADS];
        y0 += vec4f(fma(x2, w2, fma(x1, w1, x0 * w0)));
        y1 += vec4f(fma(x3, w2, fma(x2, w1, x1 * w0)));
        y2 += vec4f(fma(x4, w2, fma(x3, w1, x2 * w0)));
        y3 += vec4f(fma(x5, w2, fma(x4, w1, x3 * w0)));
        y4 += vec4f(fma(x6, w2, fma(x5, w1, x4 * w0)));
        y5 += vec4f(fma(x7, w2, fma(x6, w1, x5 * w0)));
        y6 += vec4f(fma(x8, w2, fma(x7, w1, x6 * w0)));
        y7 += vec4f(fma(x9, w2, fma(x8, w1, x7 * w0)));
        base += WIDTH;
        w += 3u * QUADS;
      }
    }
    workgroupBarrier();
  }
  let range_bits = atomicLoad(&range_x);
  let scales = inverse_half_scales(range_bits, atomicLoad(&range_w));
  let sums = Quad(
    unscaled(y0, scales, start),
    unscaled(y1, scales, start),
    unscaled(y2, scales, start),
    unscaled(y3, scales, start),
    unscaled(y4, scales, start),
    unscaled(y5, scales, start),
    unscaled(y6, scales, start),
    unscaled(y7, scales, start),
  );
  watch(sums, range_bits);
  return sums;
}

@compute @workgroup_size(ROWS, QUADS)
fn conv3x3_forward_half(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let at = place(group, local);
  store_quad(at, at.k, convolve(at, local, biases(at.k)));
}

@compute @workgroup_size(ROWS, QUADS)
fn conv3x3_forward_relu_half(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let at = place(group, local);
  store_relu(at, at.k, convolve(at, local, biases(at.k)));
}

// The max-pool of the ReLU as well.
@compute @workgroup_size(ROWS, QUADS)
fn conv3x3_forward_relu_pool_half(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let at = place(group, local);
  store_relu_pool(at, local, convolve(at, local, biases(at.k)));
}

@compute @workgroup_size(ROWS, QUADS)
fn conv3x3_backward_input_half(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let at = place(group, local);
  store_quad(at, at.k, convolve(at, local, vec4f(0.0)));
}

// The gradient through the ReLU before this convolution as well.
@compute @workgroup_size(ROWS, QUADS)
fn conv3x3_backward_input_relu_half(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let at = place(group, local);
  store_masked(at, at.k, convolve(at, local, vec4f(0.0)));
}
