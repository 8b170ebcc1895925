// Leaky ReLU of slope a. Backward needs one bit a unit, x > 0 (layout: lib/bits.wgsl), and works in place; one invocation
// handles one word.
//
//   y = x where x > 0, else a·x        dx = dy where the bit is set, else a·dy
//
// Guided backpropagation (Springenberg et al. 2015): dx as above, and 0 where that is negative.
//
// x, y, dx, dy are (N,C,H,W).
#import lib/index
#import lib/words

struct Shape {
  batch: u32,
  channels: u32,
  height: u32,
  width: u32,
  slope: f32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<storage, read_write> bits: array<u32>;
@group(0) @binding(4) var<storage, read> mask: array<u32>;
@group(0) @binding(5) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(64)
fn leaky_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let at = word_of(index);
  if (!at.inside) { return; }
  var word = 0u;
  for (var c = 0u; c < channels_inside(at); c++) {
    for (var i = 0u; i < columns_inside(at); i++) {
      let e = element(at, c, i);
      let x = input[e];
      word |= select(0u, 1u << (8u * c + i), x > 0.0);
      output[e] = select(shape.slope * x, x, x > 0.0);
    }
  }
  bits[index] = word;
}

fn backward(index: u32, guided: bool) {
  let at = word_of(index);
  if (!at.inside) { return; }
  let word = mask[index];
  for (var c = 0u; c < channels_inside(at); c++) {
    for (var i = 0u; i < columns_inside(at); i++) {
      let e = element(at, c, i);
      let factor = select(shape.slope, 1.0, extractBits(word, 8u * c + i, 1u) == 1u);
      let dx = factor * gradient[e];
      gradient[e] = select(dx, max(dx, 0.0), guided);
    }
  }
}

@compute @workgroup_size(64)
fn leaky_backward(invocation: Invocation) {
  backward(linear_index(invocation, 64u), false);
}

@compute @workgroup_size(64)
fn leaky_backward_guided(invocation: Invocation) {
  backward(linear_index(invocation, 64u), true);
}
