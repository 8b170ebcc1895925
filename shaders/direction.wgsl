// How far an activation points along a direction, position by position: dot × cosᵖ (Lucid's objective of directions and
// caricatures; Olah et al. 2018, "The Building Blocks of Interpretability").
//
//   f[n] = scale·gain[n] · Σ_p d·max(floor, d / (‖a‖‖v‖))^power,   d = Σ_c a[n,c,p]·v[n,c,p]
//   ∂f/∂a = m·v where the floor holds (m = floor^power), else m·((1+power)·v − power·(d/‖a‖²)·a), m = cos^power
//
// a is (N,C,P); the positions p are those of a rectangle. v lies in `direction` with strides of its own, 0 where it
// does not change. ‖x‖² is Σ_c x² + 1e-6, so that a zero activation has a gradient.
#import lib/index
#import lib/rectangle
#import lib/tree_sum

struct Shape {
  batch: u32,
  channels: u32,
  area: u32,
  width: u32,           // of the layer; these four are the rectangle
  first: u32,
  columns: u32,
  count: u32,
  imageStride: u32,     // of the direction
  channelStride: u32,
  positionStride: u32,
  slot: u32,            // of the partial sums, see reduce.wgsl
  accumulate: u32,
  power: f32,
  lowest: f32,          // the floor
  scale: f32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> activation: array<f32>;
@group(0) @binding(2) var<storage, read> direction: array<f32>;
@group(0) @binding(3) var<storage, read> gains: array<f32>;
@group(0) @binding(4) var<storage, read_write> partials: array<f32>;
@group(0) @binding(5) var<storage, read_write> gradient: array<f32>;

const EPSILON = 1e-6;

// Σ a·v, Σ a² and Σ v² over the channels at a position.
struct Products {
  dot: f32,
  squares: f32,
  length: f32,
}

fn positions() -> Rectangle { return Rectangle(shape.width, shape.first, shape.columns, shape.count); }
fn element(n: u32, c: u32, p: u32) -> u32 { return (n * shape.channels + c) * shape.area + p; }
fn along(n: u32, c: u32, p: u32) -> f32 {
  return direction[n * shape.imageStride + c * shape.channelStride + p * shape.positionStride];
}

fn products(n: u32, p: u32) -> Products {
  var all = Products(0.0, 0.0, 0.0);
  for (var c = 0u; c < shape.channels; c++) {
    let a = activation[element(n, c, p)];
    let v = along(n, c, p);
    all.dot = fma(a, v, all.dot);
    all.squares = fma(a, a, all.squares);
    all.length = fma(v, v, all.length);
  }
  return all;
}

fn cosine(all: Products) -> f32 {
  return all.dot / (sqrt(all.squares + EPSILON) * sqrt(all.length + EPSILON));
}

// x^power of a positive x; 1 for power 0, and no rounding of its own for small whole powers.
fn raised(x: f32) -> f32 {
  if (shape.power == 0.0) { return 1.0; }
  if (shape.power == 1.0) { return x; }
  if (shape.power == 2.0) { return x * x; }
  return pow(x, shape.power);
}

@compute @workgroup_size(64)
fn direction_forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let n = group.y;
  var sum = 0.0;
  for (var i = group.x * 64u + local; i < shape.count; i += 4096u) {
    let all = products(n, position_in(positions(), i));
    sum += all.dot * raised(max(shape.lowest, cosine(all)));
  }
  tree_sum(local, sum);
  if (local == 0u) {
    partials[(shape.slot * shape.batch + n) * 64u + group.x] = shape.scale * gains[n] * sums[0];
  }
}

// One invocation a position.
@compute @workgroup_size(64)
fn direction_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.batch * shape.area) { return; }
  let n = index / shape.area;
  let p = index % shape.area;
  let inside = is_within(positions(), p);
  var ofDirection = 0.0;
  var ofActivation = 0.0;
  if (inside) {
    let all = products(n, p);
    let cos = cosine(all);
    let m = shape.scale * gains[n] * raised(max(shape.lowest, cos));
    ofDirection = m;
    if (shape.power > 0.0 && cos > shape.lowest) {
      ofDirection = m * (1.0 + shape.power);
      ofActivation = -m * shape.power * all.dot / (all.squares + EPSILON);
    }
  }
  for (var c = 0u; c < shape.channels; c++) {
    let e = element(n, c, p);
    var g = 0.0;
    if (shape.accumulate == 1u) { g = gradient[e]; }
    if (inside) { g += ofDirection * along(n, c, p) + ofActivation * activation[e]; }
    gradient[e] = g;
  }
}
