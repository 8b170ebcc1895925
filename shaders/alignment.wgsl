// Alignment of neighbouring images of a batch (Lucid): their activations are drawn toward each other.
//
//   f[n] = scale/2 · Σ_m (1/decay^|m−n|) · Σ_i (a[n,i] − a[m,i])²,   1 ≤ |m−n| ≤ 4
//   ∂Σf/∂a[n,i] = 2·scale · Σ_m (1/decay^|m−n|) · (a[n,i] − a[m,i])
//
// so that over the batch every pair counts once. a is (N,stride).
#import lib/index
#import lib/tree_sum

struct Shape {
  batch: u32,
  stride: u32,
  slot: u32,  // of the partial sums, see reduce.wgsl
  accumulate: u32,
  decay: f32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> activation: array<f32>;
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;

const REACH = 4u;

// Σ over the neighbours of image n of (a[n,i] − a[m,i])^power / decay^|m−n|, power 1 or 2.
fn neighbours(n: u32, i: u32, squared: bool) -> f32 {
  let here = activation[n * shape.stride + i];
  var sum = 0.0;
  var part = 1.0;
  for (var d = 1u; d <= REACH; d++) {
    part /= shape.decay;
    if (n >= d) {
      let x = here - activation[(n - d) * shape.stride + i];
      sum = fma(part, select(x, x * x, squared), sum);
    }
    if (n + d < shape.batch) {
      let x = here - activation[(n + d) * shape.stride + i];
      sum = fma(part, select(x, x * x, squared), sum);
    }
  }
  return sum;
}

@compute @workgroup_size(64)
fn alignment_forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = group.x * 64u + local; i < shape.stride; i += 4096u) { sum += neighbours(group.y, i, true); }
  tree_sum(local, sum);
  if (local == 0u) {
    partials[(shape.slot * shape.batch + group.y) * 64u + group.x] = 0.5 * shape.scale * sums[0];
  }
}

@compute @workgroup_size(64)
fn alignment_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.batch * shape.stride) { return; }
  var g = 2.0 * shape.scale * neighbours(index / shape.stride, index % shape.stride, false);
  if (shape.accumulate == 1u) { g += gradient[index]; }
  gradient[index] = g;
}
