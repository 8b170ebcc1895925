// 2×2 max-pool, stride 2; odd sizes floor; the first maximum in row order wins ties.
//
//   y[n,c,i,j]  = max of x[n,c,2i…2i+1,2j…2j+1]
//   dx[n,c,i,j] = dy[n,c,i/2,j/2] where (i,j) was the maximum of its window, else 0
//
// x, dx are (N,C,H,W); y, dy are (N,C,⌊H/2⌋,⌊W/2⌋). Backward needs which of the four won, two bits a pooled
// pixel (layout: lib/pool.wgsl). One invocation handles one word of them: the pixels of two rows.
//
// `_relu`: with the ReLU before the pool, whose bits (lib/bits.wgsl) forward leaves and backward applies, as
// relu.wgsl does; `_guided` cuts negative gradients off as well. Bits outside of every window are not written: their
// gradient is 0.
#import lib/index
#import lib/bits
#import lib/pool

struct Shape {
  batch: u32,
  channels: u32,
  height: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<storage, read_write> winners: array<u32>;
@group(0) @binding(4) var<storage, read_write> bits: array<u32>;
@group(0) @binding(5) var<storage, read> chosen: array<u32>;
@group(0) @binding(6) var<storage, read> mask: array<u32>;
@group(0) @binding(7) var<storage, read> outputGradient: array<f32>;
@group(0) @binding(8) var<storage, read_write> inputGradient: array<f32>;

// Image n, channels c … c+3, pooled row i, pooled pixels j … j+3. Those of the last row and column of an odd
// height or width are beyond the pooled map.
struct Word {
  n: u32,
  c: u32,
  i: u32,
  j: u32,
  inside: bool,
}

fn word_of(index: u32) -> Word {
  let columns = (shape.width + 7u) / 8u;
  let rows = (shape.height + 1u) / 2u;
  let quads = (shape.channels + 3u) / 4u;
  let row = index / columns;
  let n = row / rows / quads;
  return Word(n, row / rows % quads * 4u, row % rows, index % columns * 4u, n < shape.batch);
}

fn channels_inside(at: Word) -> u32 { return min(4u, shape.channels - at.c); }

// Pooled pixels of the word.
fn pooled_inside(at: Word) -> u32 {
  let width = shape.width / 2u;
  return select(0u, min(4u, width - at.j), at.i < shape.height / 2u && at.j < width);
}

// Pairs of pixels of the word, the last of an odd width a pair with nothing.
fn pairs_inside(at: Word) -> u32 { return min(4u, (shape.width + 1u) / 2u - at.j); }

fn pooled_element(at: Word, c: u32, j: u32) -> u32 {
  return ((at.n * shape.channels + at.c + c) * (shape.height / 2u) + at.i) * (shape.width / 2u) + at.j + j;
}

// The upper left pixel of a window.
fn corner(at: Word, c: u32, j: u32) -> u32 {
  return ((at.n * shape.channels + at.c + c) * shape.height + 2u * at.i) * shape.width + 2u * (at.j + j);
}

fn window(at: Word, c: u32, j: u32) -> vec4f {
  let first = corner(at, c, j);
  let below = first + shape.width;
  return vec4f(input[first], input[first + 1u], input[below], input[below + 1u]);
}

fn word_of_winners(at: Word) -> u32 {
  return winners_index(at.n, at.c, at.i, at.j, shape.channels, shape.height / 2u, shape.width / 2u);
}

// Of the upper (r = 0) or lower row of the word's windows.
fn word_of_bits(at: Word, r: u32) -> u32 {
  let y = min(2u * at.i + r, shape.height - 1u);
  return word_index(at.n, at.c, y, 2u * at.j, shape.channels, shape.height, shape.width);
}

@compute @workgroup_size(64)
fn maxpool_forward(invocation: Invocation) {
  let at = word_of(linear_index(invocation, 64u));
  if (!at.inside || pooled_inside(at) == 0u) { return; }
  var word = 0u;
  for (var c = 0u; c < channels_inside(at); c++) {
    for (var j = 0u; j < pooled_inside(at); j++) {
      let best = largest(window(at, c, j));
      output[pooled_element(at, c, j)] = best.value;
      word |= best.which << (8u * c + 2u * j);
    }
  }
  winners[word_of_winners(at)] = word;
}

// y of max(x, 0), and the bits x > 0.
@compute @workgroup_size(64)
fn maxpool_forward_relu(invocation: Invocation) {
  let at = word_of(linear_index(invocation, 64u));
  if (!at.inside || pooled_inside(at) == 0u) { return; }
  var word = 0u;
  var rows = vec2u(0u);
  for (var c = 0u; c < channels_inside(at); c++) {
    for (var j = 0u; j < pooled_inside(at); j++) {
      let x = window(at, c, j);
      let best = largest(max(x, vec4f(0.0)));
      output[pooled_element(at, c, j)] = best.value;
      word |= best.which << (8u * c + 2u * j);
      rows |= window_bits(x) << vec2u(8u * c + 2u * j);
    }
  }
  winners[word_of_winners(at)] = word;
  bits[word_of_bits(at, 0u)] = rows.x;
  bits[word_of_bits(at, 1u)] = rows.y;
}

// The winners of a word; beyond the pooled map, any.
fn winners_of(at: Word) -> u32 {
  if (pooled_inside(at) == 0u) { return 0u; }
  return chosen[word_of_winners(at)];
}

// dx of a window, zeros beyond the pooled map.
fn window_gradient(at: Word, word: u32, c: u32, j: u32) -> vec4f {
  if (j >= pooled_inside(at)) { return vec4f(0.0); }
  let g = outputGradient[pooled_element(at, c, j)];
  let winner = extractBits(word, 8u * c + 2u * j, 2u);
  return select(vec4f(0.0), vec4f(g), vec4u(winner) == vec4u(0u, 1u, 2u, 3u));
}

fn store_window(at: Word, c: u32, j: u32, dx: vec4f) {
  let first = corner(at, c, j);
  let below = first + shape.width;
  let right = 2u * (at.j + j) + 1u < shape.width;
  inputGradient[first] = dx.x;
  if (right) { inputGradient[first + 1u] = dx.y; }
  if (2u * at.i + 1u < shape.height) {
    inputGradient[below] = dx.z;
    if (right) { inputGradient[below + 1u] = dx.w; }
  }
}

@compute @workgroup_size(64)
fn maxpool_backward(invocation: Invocation) {
  let at = word_of(linear_index(invocation, 64u));
  if (!at.inside) { return; }
  let word = winners_of(at);
  for (var c = 0u; c < channels_inside(at); c++) {
    for (var j = 0u; j < pairs_inside(at); j++) { store_window(at, c, j, window_gradient(at, word, c, j)); }
  }
}

// Through the ReLU before the pool as well; `guided` cuts negative gradients off.
fn backward_relu(at: Word, guided: bool) {
  if (!at.inside) { return; }
  let word = winners_of(at);
  let rows = vec2u(mask[word_of_bits(at, 0u)], mask[word_of_bits(at, 1u)]);
  for (var c = 0u; c < channels_inside(at); c++) {
    for (var j = 0u; j < pairs_inside(at); j++) {
      let g = window_gradient(at, word, c, j);
      let dx = select(g, max(g, vec4f(0.0)), guided);
      store_window(at, c, j, masked_window(dx, rows >> vec2u(8u * c + 2u * j)));
    }
  }
}

@compute @workgroup_size(64)
fn maxpool_backward_relu(invocation: Invocation) {
  backward_relu(word_of(linear_index(invocation, 64u)), false);
}

@compute @workgroup_size(64)
fn maxpool_backward_relu_guided(invocation: Invocation) {
  backward_relu(word_of(linear_index(invocation, 64u)), true);
}
