// 3×3 convolution, stride 1, zero padding p, by Winograd's F(4×4,3×3): the transforms around the product
// (conv3x3_winograd_multiply.wgsl). A tile of 4×4 outputs takes 36 multiplications a channel instead of 144.
//
//   V = Bᵀ d B     d the 6×6 inputs of a tile           V is (36,C,T)
//   M = U · V      for each of the 36, over channels     M is (36,T,K′)
//   y = Aᵀ m A + b                                       y is (N,K,H+2p−2,W+2p−2)
//
// with the points 0, ±1, ±2, ∞ (Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks").
// The backward pass is the same with flipped, transposed weights and padding 2 − p.
#import lib/winograd

const TILE = 4u;

// Bᵀ d for one column of 6.
fn enter(d: array<f32, 6>) -> array<f32, 6> {
  let even = fma(-4.0, d[2], d[4]);
  let odd = fma(-4.0, d[1], d[3]);
  let near = d[4] - d[2];
  let far = 2.0 * (d[3] - d[1]);
  return array(
    fma(4.0, d[0], fma(-5.0, d[2], d[4])),
    even + odd,
    even - odd,
    near + far,
    near - far,
    fma(4.0, d[1], fma(-5.0, d[3], d[5])),
  );
}

fn column(at: Source, x: u32) -> array<f32, 6> {
  return array(
    load(at.base, at.y, x),
    load(at.base, at.y + 1u, x),
    load(at.base, at.y + 2u, x),
    load(at.base, at.y + 3u, x),
    load(at.base, at.y + 4u, x),
    load(at.base, at.y + 5u, x),
  );
}

// Row i of V, at 6·i of the 36; `stride` lies between two of them.
fn store_points(at: u32, stride: u32, v: array<f32, 6>) {
  transformed[at] = v[0];
  transformed[at + stride] = v[1];
  transformed[at + 2u * stride] = v[2];
  transformed[at + 3u * stride] = v[3];
  transformed[at + 4u * stride] = v[4];
  transformed[at + 5u * stride] = v[5];
}

@compute @workgroup_size(64)
fn conv3x3_winograd4_input(invocation: Invocation) {
  let tile = source(linear_index(invocation, 64u));
  if (!tile.inside) { return; }
  let a = enter(column(tile, tile.x));
  let b = enter(column(tile, tile.x + 1u));
  let c = enter(column(tile, tile.x + 2u));
  let d = enter(column(tile, tile.x + 3u));
  let e = enter(column(tile, tile.x + 4u));
  let f = enter(column(tile, tile.x + 5u));
  let stride = shape.inputChannels * shape.paddedTiles;
  let at = tile.c * shape.paddedTiles + tile.t;
  store_points(at, stride, enter(array(a[0], b[0], c[0], d[0], e[0], f[0])));
  store_points(at + 6u * stride, stride, enter(array(a[1], b[1], c[1], d[1], e[1], f[1])));
  store_points(at + 12u * stride, stride, enter(array(a[2], b[2], c[2], d[2], e[2], f[2])));
  store_points(at + 18u * stride, stride, enter(array(a[3], b[3], c[3], d[3], e[3], f[3])));
  store_points(at + 24u * stride, stride, enter(array(a[4], b[4], c[4], d[4], e[4], f[4])));
  store_points(at + 30u * stride, stride, enter(array(a[5], b[5], c[5], d[5], e[5], f[5])));
}

// Aᵀ m for one column of 6.
fn leave(m: array<f32, 6>) -> vec4f {
  let near = m[1] + m[2];
  let far = m[3] + m[4];
  let near_odd = m[1] - m[2];
  let far_odd = m[3] - m[4];
  return vec4f(
    m[0] + near + far,
    fma(2.0, far_odd, near_odd),
    fma(4.0, far, near),
    fma(8.0, far_odd, near_odd) + m[5],
  );
}

fn product_column(at: u32, stride: u32) -> vec4f {
  return leave(array(
    products[at],
    products[at + 6u * stride],
    products[at + 12u * stride],
    products[at + 18u * stride],
    products[at + 24u * stride],
    products[at + 30u * stride],
  ));
}

// Four rows of four pixels.
struct Pixels {
  a: vec4f,
  b: vec4f,
  c: vec4f,
  d: vec4f,
}

fn pixels(unit: Unit) -> Pixels {
  let stride = product_stride();
  let a = product_column(unit.product, stride);
  let b = product_column(unit.product + stride, stride);
  let c = product_column(unit.product + 2u * stride, stride);
  let d = product_column(unit.product + 3u * stride, stride);
  let e = product_column(unit.product + 4u * stride, stride);
  let f = product_column(unit.product + 5u * stride, stride);
  return Pixels(
    leave(array(a.x, b.x, c.x, d.x, e.x, f.x)),
    leave(array(a.y, b.y, c.y, d.y, e.y, f.y)),
    leave(array(a.z, b.z, c.z, d.z, e.z, f.z)),
    leave(array(a.w, b.w, c.w, d.w, e.w, f.w)),
  );
}

fn store_row(at: Place, unit: Unit, y: u32, v: vec4f) {
  let x = at.x + unit.i;
  store_pixel(at, unit.k, y, x, v.x);
  store_pixel(at, unit.k, y, x + 1u, v.y);
  store_pixel(at, unit.k, y, x + 2u, v.z);
  store_pixel(at, unit.k, y, x + 3u, v.w);
}

fn store_tile(at: Place, unit: Unit, tile: Pixels) {
  store_row(at, unit, at.y, tile.a);
  store_row(at, unit, at.y + 1u, tile.b);
  store_row(at, unit, at.y + 2u, tile.c);
  store_row(at, unit, at.y + 3u, tile.d);
}

fn with_bias(tile: Pixels, b: f32) -> Pixels {
  return Pixels(tile.a + b, tile.b + b, tile.c + b, tile.d + b);
}

// Bits x > 0 of four pixels side by side.
fn bits_of(v: vec4f) -> u32 {
  let ones = select(vec4u(0u), vec4u(1u, 2u, 4u, 8u), v > vec4f(0.0));
  return ones.x | ones.y | ones.z | ones.w;
}

fn masked_row(v: vec4f, word: u32, bit: u32) -> vec4f {
  return select(vec4f(0.0), v, (vec4u(word >> bit) & vec4u(1u, 2u, 4u, 8u)) != vec4u(0u));
}

@compute @workgroup_size(64)
fn conv3x3_forward_winograd4(invocation: Invocation) {
  let at = place(linear_index(invocation, 64u));
  if (!at.inside) { return; }
  for (var u = 0u; u < 8u; u++) {
    let one = unit(at, u);
    if (!one.inside) { continue; }
    store_tile(at, one, with_bias(pixels(one), bias[one.k]));
  }
}

// y = max(x ∗ w + b, 0), and the bits y > 0.
@compute @workgroup_size(64)
fn conv3x3_forward_relu_winograd4(invocation: Invocation) {
  let at = place(linear_index(invocation, 64u));
  if (!at.inside) { return; }
  var words = vec4u(0u);
  for (var u = 0u; u < 8u; u++) {
    let one = unit(at, u);
    if (!one.inside) { continue; }
    let tile = with_bias(pixels(one), bias[one.k]);
    words |= vec4u(bits_of(tile.a), bits_of(tile.b), bits_of(tile.c), bits_of(tile.d)) << vec4u(first_bit(one));
    let zero = vec4f(0.0);
    store_tile(at, one, Pixels(max(tile.a, zero), max(tile.b, zero), max(tile.c, zero), max(tile.d, zero)));
  }
  store_word(at, at.y, words.x);
  store_word(at, at.y + 1u, words.y);
  store_word(at, at.y + 2u, words.z);
  store_word(at, at.y + 3u, words.w);
}

// Two windows side by side, pooled row i. @return their winners
fn store_windows(at: Place, unit: Unit, i: u32, upper: vec4f, lower: vec4f) -> u32 {
  let left = largest(max(vec4f(upper.xy, lower.xy), vec4f(0.0)));
  let right = largest(max(vec4f(upper.zw, lower.zw), vec4f(0.0)));
  let j = (at.x + unit.i) / 2u;
  store_pooled(at, unit.k, i, j, left.value);
  store_pooled(at, unit.k, i, j + 1u, right.value);
  return left.which | (right.which << 2u);
}

// The max-pool of the ReLU as well: a tile is four windows.
@compute @workgroup_size(64)
fn conv3x3_forward_relu_pool_winograd4(invocation: Invocation) {
  let at = place(linear_index(invocation, 64u));
  if (!at.inside) { return; }
  let i = at.y / 2u;
  var words = vec4u(0u);
  var won = vec2u(0u);
  for (var u = 0u; u < 8u; u++) {
    let one = unit(at, u);
    if (!one.inside) { continue; }
    let tile = with_bias(pixels(one), bias[one.k]);
    words |= vec4u(bits_of(tile.a), bits_of(tile.b), bits_of(tile.c), bits_of(tile.d)) << vec4u(first_bit(one));
    won |= vec2u(
      store_windows(at, one, i, tile.a, tile.b),
      store_windows(at, one, i + 1u, tile.c, tile.d),
    ) << vec2u(first_bit(one));
  }
  store_word(at, at.y, words.x);
  store_word(at, at.y + 1u, words.y);
  store_word(at, at.y + 2u, words.z);
  store_word(at, at.y + 3u, words.w);
  store_winners(at, i, won.x);
  store_winners(at, i + 1u, won.y);
}

@compute @workgroup_size(64)
fn conv3x3_backward_input_winograd4(invocation: Invocation) {
  let at = place(linear_index(invocation, 64u));
  if (!at.inside) { return; }
  for (var u = 0u; u < 8u; u++) {
    let one = unit(at, u);
    if (!one.inside) { continue; }
    store_tile(at, one, pixels(one));
  }
}

// The gradient through the ReLU before this convolution as well: zero where the mask's bit is not set.
@compute @workgroup_size(64)
fn conv3x3_backward_input_relu_winograd4(invocation: Invocation) {
  let at = place(linear_index(invocation, 64u));
  if (!at.inside) { return; }
  let words =
    vec4u(mask_word(at, at.y), mask_word(at, at.y + 1u), mask_word(at, at.y + 2u), mask_word(at, at.y + 3u));
  for (var u = 0u; u < 8u; u++) {
    let one = unit(at, u);
    if (!one.inside) { continue; }
    let tile = pixels(one);
    let bit = first_bit(one);
    store_tile(at, one, Pixels(
      masked_row(tile.a, words.x, bit),
      masked_row(tile.b, words.y, bit),
      masked_row(tile.c, words.z, bit),
      masked_row(tile.d, words.w, bit),
    ));
  }
}
