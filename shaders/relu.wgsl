// ReLU. Backward needs one bit a unit, x > 0 (layout: lib/bits.wgsl); one invocation handles one word.
//
//   y = max(x, 0)        dx = dy where the bit is set, else 0
//
// Redirect (Lucid, "ReLU gradient override"): where, for one image, dx would be zero everywhere, dy is let
// through except where the unit is off and dy < 0, since the ascent would only push such a unit further down.
//
// Guided backpropagation (Springenberg et al. 2015): dx = dy where the bit is set and dy > 0, else 0.
//
// x, y, dx, dy are (N,C,H,W).
#import lib/index
#import lib/words

struct Shape {
  batch: u32,
  channels: u32,
  height: u32,
  width: u32,
  flag: u32,  // first of this layer's N redirect flags
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<storage, read_write> bits: array<u32>;
@group(0) @binding(4) var<storage, read> mask: array<u32>;
@group(0) @binding(5) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(6) var<storage, read_write> alive: array<atomic<u32>>;

@compute @workgroup_size(64)
fn relu_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let at = word_of(index);
  if (!at.inside) { return; }
  var word = 0u;
  for (var c = 0u; c < channels_inside(at); c++) {
    for (var i = 0u; i < columns_inside(at); i++) {
      let x = input[element(at, c, i)];
      word |= select(0u, 1u << (8u * c + i), x > 0.0);
      output[element(at, c, i)] = max(x, 0.0);
    }
  }
  bits[index] = word;
}

@compute @workgroup_size(64)
fn relu_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let at = word_of(index);
  if (!at.inside) { return; }
  let word = mask[index];
  for (var c = 0u; c < channels_inside(at); c++) {
    for (var i = 0u; i < columns_inside(at); i++) {
      if (extractBits(word, 8u * c + i, 1u) == 0u) { gradient[element(at, c, i)] = 0.0; }
    }
  }
}

@compute @workgroup_size(64)
fn relu_backward_guided(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let at = word_of(index);
  if (!at.inside) { return; }
  let word = mask[index];
  for (var c = 0u; c < channels_inside(at); c++) {
    for (var i = 0u; i < columns_inside(at); i++) {
      let e = element(at, c, i);
      gradient[e] = select(0.0, max(gradient[e], 0.0), extractBits(word, 8u * c + i, 1u) == 1u);
    }
  }
}

// Sets the flag of every image that keeps some gradient behind this ReLU.
@compute @workgroup_size(64)
fn relu_backward_detect(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let at = word_of(index);
  if (!at.inside) { return; }
  let word = mask[index];
  var kept = false;
  for (var c = 0u; c < channels_inside(at); c++) {
    for (var i = 0u; i < columns_inside(at); i++) {
      kept |= extractBits(word, 8u * c + i, 1u) == 1u && gradient[element(at, c, i)] != 0.0;
    }
  }
  if (kept) { atomicStore(&alive[shape.flag + at.n], 1u); }
}

@compute @workgroup_size(64)
fn relu_backward_redirect(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let at = word_of(index);
  if (!at.inside) { return; }
  let word = mask[index];
  let redirect = atomicLoad(&alive[shape.flag + at.n]) == 0u;
  for (var c = 0u; c < channels_inside(at); c++) {
    for (var i = 0u; i < columns_inside(at); i++) {
      let off = extractBits(word, 8u * c + i, 1u) == 0u;
      let g = gradient[element(at, c, i)];
      if (off && (!redirect || g < 0.0)) { gradient[element(at, c, i)] = 0.0; }
    }
  }
}
