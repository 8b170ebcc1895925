// Squared distance of an activation a from a target t: feature inversion (Mahendran and Vedaldi 2015).
//
//   f[n] = scale·gain[n] · Σ_i (a[n,i] − t[i])²        ∂f/∂a[n,i] = 2·scale·gain[n]·(a[n,i] − t[i])
//
// a is (N,C,P); t holds one image's activation, or a single zero for the plain sum of squares. The sum is over all
// channels at the positions of a rectangle; elsewhere the gradient is 0.
#import lib/index
#import lib/rectangle
#import lib/tree_sum

struct Shape {
  batch: u32,
  stride: u32,  // C·P
  area: u32,    // P
  width: u32,   // of the layer; these four are the rectangle
  first: u32,
  columns: u32,
  count: u32,
  targetLength: u32,
  slot: u32,  // of the partial sums, see reduce.wgsl
  accumulate: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> activation: array<f32>;
@group(0) @binding(2) var<storage, read> goal: array<f32>;
@group(0) @binding(3) var<storage, read> gains: array<f32>;
@group(0) @binding(4) var<storage, read_write> partials: array<f32>;
@group(0) @binding(5) var<storage, read_write> gradient: array<f32>;

fn positions() -> Rectangle { return Rectangle(shape.width, shape.first, shape.columns, shape.count); }
fn difference(n: u32, i: u32) -> f32 { return activation[n * shape.stride + i] - goal[i % shape.targetLength]; }

@compute @workgroup_size(64)
fn distance_forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = group.x * 64u + local; i < shape.stride / shape.area * shape.count; i += 4096u) {
    let d = difference(group.y, i / shape.count * shape.area + position_in(positions(), i % shape.count));
    sum = fma(d, d, sum);
  }
  tree_sum(local, sum);
  if (local == 0u) {
    partials[(shape.slot * shape.batch + group.y) * 64u + group.x] = shape.scale * gains[group.y] * sums[0];
  }
}

@compute @workgroup_size(64)
fn distance_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.batch * shape.stride) { return; }
  let n = index / shape.stride;
  var g = 0.0;
  if (is_within(positions(), index % shape.area)) {
    g = 2.0 * shape.scale * gains[n] * difference(n, index % shape.stride);
  }
  if (shape.accumulate == 1u) { g += gradient[index]; }
  gradient[index] = g;
}
