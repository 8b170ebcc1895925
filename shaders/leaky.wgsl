// Leaky ReLU of slope a. Backward needs one bit a unit, x > 0 (layout: lib/bits.wgsl), and works in place; one invocation
// handles one word.
//
//   y = x where x > 0, else a·x        dx = dy where the bit is set, else a·dy
//
// Guided backpropagation (Springenberg et al. 2015): dx as above, and 0 where that is negative.
//
// x, y, dx, dy are (N,C,H,W).
#import lib/index

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

// One word of bits: where its first unit is in the activation, and how many channels and pixels it holds.
struct Word {
  first: u32,
  channels: u32,
  columns: u32,
}

fn word_of(index: u32) -> Word {
  let columns = (shape.width + 7u) / 8u;
  let quads = (shape.channels + 3u) / 4u;
  let x = index % columns * 8u;
  let y = index / columns % shape.height;
  let c = index / columns / shape.height % quads * 4u;
  let n = index / columns / shape.height / quads;
  let inside = select(0u, min(4u, shape.channels - c), n < shape.batch);
  return Word(((n * shape.channels + c) * shape.height + y) * shape.width + x, inside, min(8u, shape.width - x));
}

@compute @workgroup_size(64)
fn leaky_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let at = word_of(index);
  if (at.channels == 0u) { return; }
  var word = 0u;
  for (var c = 0u; c < at.channels; c++) {
    for (var i = 0u; i < at.columns; i++) {
      let e = at.first + c * shape.height * shape.width + i;
      let x = input[e];
      word |= select(0u, 1u << (8u * c + i), x > 0.0);
      output[e] = select(shape.slope * x, x, x > 0.0);
    }
  }
  bits[index] = word;
}

@compute @workgroup_size(64)
fn leaky_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let at = word_of(index);
  if (at.channels == 0u) { return; }
  let word = mask[index];
  for (var c = 0u; c < at.channels; c++) {
    for (var i = 0u; i < at.columns; i++) {
      let e = at.first + c * shape.height * shape.width + i;
      if (extractBits(word, 8u * c + i, 1u) == 0u) { gradient[e] = shape.slope * gradient[e]; }
    }
  }
}

@compute @workgroup_size(64)
fn leaky_backward_guided(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let at = word_of(index);
  if (at.channels == 0u) { return; }
  let word = mask[index];
  for (var c = 0u; c < at.channels; c++) {
    for (var i = 0u; i < at.columns; i++) {
      let e = at.first + c * shape.height * shape.width + i;
      let factor = select(shape.slope, 1.0, extractBits(word, 8u * c + i, 1u) == 1u);
      gradient[e] = max(factor * gradient[e], 0.0);
    }
  }
}
