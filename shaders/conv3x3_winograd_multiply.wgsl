// The product inside a Winograd convolution, for each of its E = 16 or 36 points e:
//
//   M[e,t,k] = Σ_c U[e,c,k] · V[e,c,t]
//
// U is (E,C,K′), V is (E,C,T), M is (E,T,K′). K′ is a multiple of 16, T of the tile's width.
//
// By register tiles without barriers: an invocation makes as many channels × tiles as its entry point says and keeps
// the sums in registers. Neighbours stand along the channels, so that one workgroup reads few columns of V. On CPU
// drivers a load costs about as much as ten multiply-adds. So the larger tile is faster there, though its sums no
// longer fit the registers.
#import lib/index

struct Shape {
  channels: u32,        // C
  paddedChannels: u32,  // K′
  paddedTiles: u32,     // T
  points: u32,          // E
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> transformed: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> products: array<vec4f>;

// Sixteen channels at one tile.
struct Column {
  a: vec4f,
  b: vec4f,
  c: vec4f,
  d: vec4f,
}

// Where an invocation works: in vec4s of each array, where its channels and tiles begin.
struct Place {
  u: u32,
  v: u32,
  m: u32,
  inside: bool,
}

// An invocation's place; `channels` and `tiles` are the size of its register tile.
fn place(index: u32, channels: u32, tiles: u32) -> Place {
  let groups = shape.paddedChannels / channels;
  let k = index % groups * channels;
  let t = index / groups % (shape.paddedTiles / tiles) * tiles;
  let e = index / groups / (shape.paddedTiles / tiles);
  return Place(
    (e * shape.channels * shape.paddedChannels + k) / 4u,
    (e * shape.channels * shape.paddedTiles + t) / 4u,
    ((e * shape.paddedTiles + t) * shape.paddedChannels + k) / 4u,
    e < shape.points,
  );
}

fn zero() -> Column {
  return Column(vec4f(0.0), vec4f(0.0), vec4f(0.0), vec4f(0.0));
}

fn add(sum: Column, u: Column, v: f32) -> Column {
  return Column(
    fma(u.a, vec4f(v), sum.a),
    fma(u.b, vec4f(v), sum.b),
    fma(u.c, vec4f(v), sum.c),
    fma(u.d, vec4f(v), sum.d),
  );
}

fn load(u: u32) -> Column {
  return Column(weights[u], weights[u + 1u], weights[u + 2u], weights[u + 3u]);
}

// The column of tile t of the register tile.
fn store(at: Place, t: u32, sum: Column) {
  let m = at.m + t * (shape.paddedChannels / 4u);
  products[m] = sum.a;
  products[m + 1u] = sum.b;
  products[m + 2u] = sum.c;
  products[m + 3u] = sum.d;
}

@compute @workgroup_size(32)
fn conv3x3_winograd_multiply_16x4(invocation: Invocation) {
  let at = place(linear_index(invocation, 32u), 16u, 4u);
  if (!at.inside) { return; }
  var s0 = zero();
  var s1 = zero();
  var s2 = zero();
  var s3 = zero();
  var i = at.u;
  var j = at.v;
  for (var c = 0u; c < shape.channels; c++) {
    let u = load(i);
    let v0 = transformed[j];
    s0 = add(s0, u, v0.x);
    s1 = add(s1, u, v0.y);
    s2 = add(s2, u, v0.z);
    s3 = add(s3, u, v0.w);
    i += shape.paddedChannels / 4u;
    j += shape.paddedTiles / 4u;
  }
  store(at, 0u, s0);
  store(at, 1u, s1);
  store(at, 2u, s2);
  store(at, 3u, s3);
}

@compute @workgroup_size(32)
fn conv3x3_winograd_multiply_16x8(invocation: Invocation) {
  let at = place(linear_index(invocation, 32u), 16u, 8u);
  if (!at.inside) { return; }
  var s0 = zero();
  var s1 = zero();
  var s2 = zero();
  var s3 = zero();
  var s4 = zero();
  var s5 = zero();
  var s6 = zero();
  var s7 = zero();
  var i = at.u;
  var j = at.v;
  for (var c = 0u; c < shape.channels; c++) {
    let u = load(i);
    let v0 = transformed[j];
    let v1 = transformed[j + 1u];
    s0 = add(s0, u, v0.x);
    s1 = add(s1, u, v0.y);
    s2 = add(s2, u, v0.z);
    s3 = add(s3, u, v0.w);
    s4 = add(s4, u, v1.x);
    s5 = add(s5, u, v1.y);
    s6 = add(s6, u, v1.z);
    s7 = add(s7, u, v1.w);
    i += shape.paddedChannels / 4u;
    j += shape.paddedTiles / 4u;
  }
  store(at, 0u, s0);
  store(at, 1u, s1);
  store(at, 2u, s2);
  store(at, 3u, s3);
  store(at, 4u, s4);
  store(at, 5u, s5);
  store(at, 6u, s6);
  store(at, 7u, s7);
}

@compute @workgroup_size(32)
fn conv3x3_winograd_multiply_16x16(invocation: Invocation) {
  let at = place(linear_index(invocation, 32u), 16u, 16u);
  if (!at.inside) { return; }
  var s0 = zero();
  var s1 = zero();
  var s2 = zero();
  var s3 = zero();
  var s4 = zero();
  var s5 = zero();
  var s6 = zero();
  var s7 = zero();
  var s8 = zero();
  var s9 = zero();
  var s10 = zero();
  var s11 = zero();
  var s12 = zero();
  var s13 = zero();
  var s14 = zero();
  var s15 = zero();
  var i = at.u;
  var j = at.v;
  for (var c = 0u; c < shape.channels; c++) {
    let u = load(i);
    let v0 = transformed[j];
    let v1 = transformed[j + 1u];
    let v2 = transformed[j + 2u];
    let v3 = transformed[j + 3u];
    s0 = add(s0, u, v0.x);
    s1 = add(s1, u, v0.y);
    s2 = add(s2, u, v0.z);
    s3 = add(s3, u, v0.w);
    s4 = add(s4, u, v1.x);
    s5 = add(s5, u, v1.y);
    s6 = add(s6, u, v1.z);
    s7 = add(s7, u, v1.w);
    s8 = add(s8, u, v2.x);
    s9 = add(s9, u, v2.y);
    s10 = add(s10, u, v2.z);
    s11 = add(s11, u, v2.w);
    s12 = add(s12, u, v3.x);
    s13 = add(s13, u, v3.y);
    s14 = add(s14, u, v3.z);
    s15 = add(s15, u, v3.w);
    i += shape.paddedChannels / 4u;
    j += shape.paddedTiles / 4u;
  }
  store(at, 0u, s0);
  store(at, 1u, s1);
  store(at, 2u, s2);
  store(at, 3u, s3);
  store(at, 4u, s4);
  store(at, 5u, s5);
  store(at, 6u, s6);
  store(at, 7u, s7);
  store(at, 8u, s8);
  store(at, 9u, s9);
  store(at, 10u, s10);
  store(at, 11u, s11);
  store(at, 12u, s12);
  store(at, 13u, s13);
  store(at, 14u, s14);
  store(at, 15u, s15);
}

// Eight channels at one tile.
struct Half {
  a: vec4f,
  b: vec4f,
}

fn add_half(sum: Half, u: Half, v: f32) -> Half {
  return Half(fma(u.a, vec4f(v), sum.a), fma(u.b, vec4f(v), sum.b));
}

fn store_half(at: Place, t: u32, sum: Half) {
  let m = at.m + t * (shape.paddedChannels / 4u);
  products[m] = sum.a;
  products[m + 1u] = sum.b;
}

// The size that fits the registers of a GPU.
@compute @workgroup_size(32)
fn conv3x3_winograd_multiply_8x8(invocation: Invocation) {
  let at = place(linear_index(invocation, 32u), 8u, 8u);
  if (!at.inside) { return; }
  var s0 = Half(vec4f(0.0), vec4f(0.0));
  var s1 = Half(vec4f(0.0), vec4f(0.0));
  var s2 = Half(vec4f(0.0), vec4f(0.0));
  var s3 = Half(vec4f(0.0), vec4f(0.0));
  var s4 = Half(vec4f(0.0), vec4f(0.0));
  var s5 = Half(vec4f(0.0), vec4f(0.0));
  var s6 = Half(vec4f(0.0), vec4f(0.0));
  var s7 = Half(vec4f(0.0), vec4f(0.0));
  var i = at.u;
  var j = at.v;
  for (var c = 0u; c < shape.channels; c++) {
    let u = Half(weights[i], weights[i + 1u]);
    let v0 = transformed[j];
    let v1 = transformed[j + 1u];
    s0 = add_half(s0, u, v0.x);
    s1 = add_half(s1, u, v0.y);
    s2 = add_half(s2, u, v0.z);
    s3 = add_half(s3, u, v0.w);
    s4 = add_half(s4, u, v1.x);
    s5 = add_half(s5, u, v1.y);
    s6 = add_half(s6, u, v1.z);
    s7 = add_half(s7, u, v1.w);
    i += shape.paddedChannels / 4u;
    j += shape.paddedTiles / 4u;
  }
  store_half(at, 0u, s0);
  store_half(at, 1u, s1);
  store_half(at, 2u, s2);
  store_half(at, 3u, s3);
  store_half(at, 4u, s4);
  store_half(at, 5u, s5);
  store_half(at, 6u, s6);
  store_half(at, 7u, s7);
}
