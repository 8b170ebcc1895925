// 3×3 convolution, stride 1, zero padding p, by Winograd's F(2×2,3×3): the transforms around the product
// (conv3x3_winograd_multiply.wgsl). A tile of 2×2 outputs takes 16 multiplications a channel instead of 36.
//
//   V = Bᵀ d B     d the 4×4 inputs of a tile           V is (16,C,T)
//   M = U · V      for each of the 16, over channels     M is (16,T,K′)
//   y = Aᵀ m A + b                                       y is (N,K,H+2p−2,W+2p−2)
//
// with the points 0, ±1, ∞ (Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks"). The
// backward pass is the same with flipped, transposed weights and padding 2 − p.
#import lib/winograd

const TILE = 2u;

// Bᵀ d for one column of 4.
fn enter(d: vec4f) -> vec4f {
  return vec4f(d.x - d.z, d.y + d.z, d.z - d.y, d.y - d.w);
}

fn column(at: Source, x: u32) -> vec4f {
  return vec4f(
    load(at.base, at.y, x),
    load(at.base, at.y + 1u, x),
    load(at.base, at.y + 2u, x),
    load(at.base, at.y + 3u, x),
  );
}

// Row i of V, at 4·i of the 16; `stride` lies between two of them.
fn store_points(at: u32, stride: u32, v: vec4f) {
  transformed[at] = v.x;
  transformed[at + stride] = v.y;
  transformed[at + 2u * stride] = v.z;
  transformed[at + 3u * stride] = v.w;
}

@compute @workgroup_size(64)
fn conv3x3_winograd2_input(invocation: Invocation) {
  let tile = source(linear_index(invocation, 64u));
  if (!tile.inside) { return; }
  let a = enter(column(tile, tile.x));
  let b = enter(column(tile, tile.x + 1u));
  let c = enter(column(tile, tile.x + 2u));
  let d = enter(column(tile, tile.x + 3u));
  let stride = shape.inputChannels * shape.paddedTiles;
  let at = tile.c * shape.paddedTiles + tile.t;
  store_points(at, stride, enter(vec4f(a.x, b.x, c.x, d.x)));
  store_points(at + 4u * stride, stride, enter(vec4f(a.y, b.y, c.y, d.y)));
  store_points(at + 8u * stride, stride, enter(vec4f(a.z, b.z, c.z, d.z)));
  store_points(at + 12u * stride, stride, enter(vec4f(a.w, b.w, c.w, d.w)));
}

// Aᵀ m for one column of 4.
fn leave(m: vec4f) -> vec2f {
  return vec2f(m.x + m.y + m.z, m.y - m.z - m.w);
}

fn product_column(at: u32, stride: u32) -> vec2f {
  return leave(
    vec4f(products[at], products[at + 4u * stride], products[at + 8u * stride], products[at + 12u * stride]),
  );
}

// Two pixels above, two below.
fn pixels(unit: Unit) -> vec4f {
  let stride = product_stride();
  let a = product_column(unit.product, stride);
  let b = product_column(unit.product + stride, stride);
  let c = product_column(unit.product + 2u * stride, stride);
  let d = product_column(unit.product + 3u * stride, stride);
  return vec4f(leave(vec4f(a.x, b.x, c.x, d.x)), leave(vec4f(a.y, b.y, c.y, d.y)));
}

fn store_tile(at: Place, unit: Unit, tile: vec4f) {
  let x = at.x + unit.i;
  store_pixel(at, unit.k, at.y, x, tile.x);
  store_pixel(at, unit.k, at.y, x + 1u, tile.y);
  store_pixel(at, unit.k, at.y + 1u, x, tile.z);
  store_pixel(at, unit.k, at.y + 1u, x + 1u, tile.w);
}

@compute @workgroup_size(64)
fn conv3x3_forward_winograd2(invocation: Invocation) {
  let at = place(linear_index(invocation, 64u));
  if (!at.inside) { return; }
  for (var u = 0u; u < 16u; u++) {
    let one = unit(at, u);
    if (!one.inside) { continue; }
    store_tile(at, one, pixels(one) + bias[one.k]);
  }
}

// y = max(x ∗ w + b, 0), and the bits y > 0.
@compute @workgroup_size(64)
fn conv3x3_forward_relu_winograd2(invocation: Invocation) {
  let at = place(linear_index(invocation, 64u));
  if (!at.inside) { return; }
  var words = vec2u(0u);
  for (var u = 0u; u < 16u; u++) {
    let one = unit(at, u);
    if (!one.inside) { continue; }
    let tile = pixels(one) + bias[one.k];
    words |= window_bits(tile) << vec2u(first_bit(one));
    store_tile(at, one, max(tile, vec4f(0.0)));
  }
  store_word(at, at.y, words.x);
  store_word(at, at.y + 1u, words.y);
}

// The max-pool of the ReLU as well: a tile is a window.
@compute @workgroup_size(64)
fn conv3x3_forward_relu_pool_winograd2(invocation: Invocation) {
  let at = place(linear_index(invocation, 64u));
  if (!at.inside) { return; }
  var words = vec2u(0u);
  var won = 0u;
  for (var u = 0u; u < 16u; u++) {
    let one = unit(at, u);
    if (!one.inside) { continue; }
    let tile = pixels(one) + bias[one.k];
    let best = largest(max(tile, vec4f(0.0)));
    words |= window_bits(tile) << vec2u(first_bit(one));
    won |= best.which << first_bit(one);
    store_pooled(at, one.k, at.y / 2u, (at.x + one.i) / 2u, best.value);
  }
  store_word(at, at.y, words.x);
  store_word(at, at.y + 1u, words.y);
  store_winners(at, at.y / 2u, won);
}

@compute @workgroup_size(64)
fn conv3x3_backward_input_winograd2(invocation: Invocation) {
  let at = place(linear_index(invocation, 64u));
  if (!at.inside) { return; }
  for (var u = 0u; u < 16u; u++) {
    let one = unit(at, u);
    if (!one.inside) { continue; }
    store_tile(at, one, pixels(one));
  }
}

// The gradient through the ReLU before this convolution as well: zero where the mask's bit is not set.
@compute @workgroup_size(64)
fn conv3x3_backward_input_relu_winograd2(invocation: Invocation) {
  let at = place(linear_index(invocation, 64u));
  if (!at.inside) { return; }
  let words = vec2u(mask_word(at, at.y), mask_word(at, at.y + 1u));
  for (var u = 0u; u < 16u; u++) {
    let one = unit(at, u);
    if (!one.inside) { continue; }
    store_tile(at, one, masked_window(pixels(one), words >> vec2u(first_bit(one))));
  }
}
