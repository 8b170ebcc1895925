// Weights for Winograd's convolutions, made once at load from w, (K,C,3,3), for every pair of channels:
//
//   U = G g Gᵀ        forward: U[e,c,k], g = w[k,c,·,·]        backward_input: U[e,k,c], g = w[k,c,·,·] turned by 180°
//
// The last dimension is padded with zeros to a multiple of 16. E is 16 for F(2×2) and 36 for F(4×4).
#import lib/index

struct Shape {
  outputChannels: u32,
  inputChannels: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> packed: array<f32>;

struct Place {
  source: u32,  // channel that the product sums over
  made: u32,    // channel that it makes
  at: u32,
  stride: u32,  // between two points
  inside: bool,
}

// `froms` and `tos` are the numbers of channels on either side.
fn place(index: u32, froms: u32, tos: u32) -> Place {
  let padded = (tos + 15u) / 16u * 16u;
  return Place(index / padded, index % padded, index, froms * padded, index < froms * padded);
}

struct Filter {
  rows: array<vec3f, 3>,
}

fn filter_of(k: u32, c: u32) -> Filter {
  let w = (k * shape.inputChannels + c) * 9u;
  return Filter(array(
    vec3f(weights[w], weights[w + 1u], weights[w + 2u]),
    vec3f(weights[w + 3u], weights[w + 4u], weights[w + 5u]),
    vec3f(weights[w + 6u], weights[w + 7u], weights[w + 8u]),
  ));
}

fn forward_filter(place: Place) -> Filter {
  if (place.made >= shape.outputChannels) { return Filter(array(vec3f(0.0), vec3f(0.0), vec3f(0.0))); }
  return filter_of(place.made, place.source);
}

fn backward_filter(place: Place) -> Filter {
  if (place.made >= shape.inputChannels) { return Filter(array(vec3f(0.0), vec3f(0.0), vec3f(0.0))); }
  let w = filter_of(place.source, place.made);
  return Filter(array(w.rows[2].zyx, w.rows[1].zyx, w.rows[0].zyx));
}

// G of F(2×2).
fn expand2(a: f32, b: f32, c: f32) -> vec4f {
  return vec4f(a, 0.5 * (a + b + c), 0.5 * (a - b + c), c);
}

fn store2(at: u32, stride: u32, a: f32, b: f32, c: f32) {
  let u = expand2(a, b, c);
  packed[at] = u.x;
  packed[at + stride] = u.y;
  packed[at + 2u * stride] = u.z;
  packed[at + 3u * stride] = u.w;
}

fn pack2(place: Place, w: Filter) {
  let x = expand2(w.rows[0].x, w.rows[1].x, w.rows[2].x);
  let y = expand2(w.rows[0].y, w.rows[1].y, w.rows[2].y);
  let z = expand2(w.rows[0].z, w.rows[1].z, w.rows[2].z);
  for (var i = 0u; i < 4u; i++) { store2(place.at + 4u * i * place.stride, place.stride, x[i], y[i], z[i]); }
}

// G of F(4×4).
fn expand4(a: f32, b: f32, c: f32) -> array<f32, 6> {
  return array(
    a / 4.0,
    (a + b + c) / -6.0,
    (a - b + c) / -6.0,
    (a + 2.0 * b + 4.0 * c) / 24.0,
    (a - 2.0 * b + 4.0 * c) / 24.0,
    c,
  );
}

fn store4(at: u32, stride: u32, a: f32, b: f32, c: f32) {
  var u = expand4(a, b, c);
  for (var j = 0u; j < 6u; j++) { packed[at + j * stride] = u[j]; }
}

fn pack4(place: Place, w: Filter) {
  var x = expand4(w.rows[0].x, w.rows[1].x, w.rows[2].x);
  var y = expand4(w.rows[0].y, w.rows[1].y, w.rows[2].y);
  var z = expand4(w.rows[0].z, w.rows[1].z, w.rows[2].z);
  for (var i = 0u; i < 6u; i++) { store4(place.at + 6u * i * place.stride, place.stride, x[i], y[i], z[i]); }
}

@compute @workgroup_size(64)
fn conv3x3_pack_forward_winograd2(invocation: Invocation) {
  let at = place(linear_index(invocation, 64u), shape.inputChannels, shape.outputChannels);
  if (at.inside) { pack2(at, forward_filter(at)); }
}

@compute @workgroup_size(64)
fn conv3x3_pack_backward_input_winograd2(invocation: Invocation) {
  let at = place(linear_index(invocation, 64u), shape.outputChannels, shape.inputChannels);
  if (at.inside) { pack2(at, backward_filter(at)); }
}

@compute @workgroup_size(64)
fn conv3x3_pack_forward_winograd4(invocation: Invocation) {
  let at = place(linear_index(invocation, 64u), shape.inputChannels, shape.outputChannels);
  if (at.inside) { pack4(at, forward_filter(at)); }
}

@compute @workgroup_size(64)
fn conv3x3_pack_backward_input_winograd4(invocation: Invocation) {
  let at = place(linear_index(invocation, 64u), shape.outputChannels, shape.inputChannels);
  if (at.inside) { pack4(at, backward_filter(at)); }
}
