// Gram matrices of activations (Gatys et al. 2015): which channels are active together, wherever that is.
//
//   gram_forward     G[n,c,d] = (1/P) Σ_p a[n,c,p]·a[n,d,p]
//   gram_difference  D[n,c,d] = gain[n]·(G[n,c,d] − T[c,d])        for style: f = −weight/C²·Σ D²
//   gram_backward    da[n,c,p] = scale · Σ_d D[n,c,d]·a[n,d,p]     of any f with symmetric ∂f/∂G ∝ D
//
// Diversity (Lucid): how unlike each other the normalised Gram matrices of the images are.
//
//   gram_normalize        Ĝ[n] = G[n]/‖G[n]‖, and ‖G[n]‖ = √max(Σ G², 1e-10)
//   diversity_forward     f[n] = scale · ⟨Ĝ[n], S[n]⟩,  S[n] = Σ_{m≠n} Ĝ[m]
//   diversity_difference  D[n] = (S[n] − Ĝ[n]·⟨Ĝ[n], S[n]⟩)/‖G[n]‖, half the gradient of Σ f/scale by G[n]
//
// a is (N,C,P), matrices are (N,C,C), T is (C,C).
#import lib/index
#import lib/tree_sum

struct Shape {
  batch: u32,
  channels: u32,
  area: u32,
  slot: u32,  // of the partial sums, see reduce.wgsl
  accumulate: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> activation: array<f32>;
@group(0) @binding(2) var<storage, read_write> gram: array<f32>;
@group(0) @binding(3) var<storage, read> grams: array<f32>;   // G or Ĝ, read
@group(0) @binding(4) var<storage, read> goal: array<f32>;
@group(0) @binding(5) var<storage, read> gains: array<f32>;
@group(0) @binding(6) var<storage, read_write> difference: array<f32>;
@group(0) @binding(7) var<storage, read> differences: array<f32>;  // D, read
@group(0) @binding(8) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(9) var<storage, read_write> normalized: array<f32>;
@group(0) @binding(10) var<storage, read_write> norm: array<f32>;
@group(0) @binding(11) var<storage, read> norms: array<f32>;
@group(0) @binding(12) var<storage, read_write> partials: array<f32>;

fn matrix() -> u32 { return shape.channels * shape.channels; }

@compute @workgroup_size(64)
fn gram_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.batch * matrix()) { return; }
  let d = index % shape.channels;
  let row = index / shape.channels;  // n·C + c
  let column = row / shape.channels * shape.channels + d;
  var sum = 0.0;
  for (var p = 0u; p < shape.area; p++) {
    sum = fma(activation[row * shape.area + p], activation[column * shape.area + p], sum);
  }
  gram[index] = sum / f32(shape.area);
}

@compute @workgroup_size(64)
fn gram_difference(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.batch * matrix()) { return; }
  difference[index] = gains[index / matrix()] * (grams[index] - goal[index % matrix()]);
}

@compute @workgroup_size(64)
fn gram_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.batch * shape.channels * shape.area) { return; }
  let row = index / shape.area;  // n·C + c
  let first = row / shape.channels * shape.channels;
  var sum = 0.0;
  for (var d = 0u; d < shape.channels; d++) {
    let a = activation[(first + d) * shape.area + index % shape.area];
    sum = fma(differences[row * shape.channels + d], a, sum);
  }
  var g = shape.scale * sum;
  if (shape.accumulate == 1u) { g += gradient[index]; }
  gradient[index] = g;
}

// One workgroup an image.
@compute @workgroup_size(64)
fn gram_normalize(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let first = group.x * matrix();
  var sum = 0.0;
  for (var i = local; i < matrix(); i += 64u) { sum = fma(grams[first + i], grams[first + i], sum); }
  tree_sum(local, sum);
  workgroupBarrier();
  let length = sqrt(max(sums[0], 1e-10));
  for (var i = local; i < matrix(); i += 64u) { normalized[first + i] = grams[first + i] / length; }
  if (local == 0u) { norm[group.x] = length; }
}

// Element i of S[n].
fn others(n: u32, i: u32) -> f32 {
  var sum = 0.0;
  for (var m = 0u; m < shape.batch; m++) {
    if (m != n) { sum += grams[m * matrix() + i]; }
  }
  return sum;
}

@compute @workgroup_size(64)
fn diversity_forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let n = group.y;
  var sum = 0.0;
  for (var i = group.x * 64u + local; i < matrix(); i += 4096u) {
    sum = fma(grams[n * matrix() + i], others(n, i), sum);
  }
  tree_sum(local, sum);
  if (local == 0u) { partials[(shape.slot * shape.batch + n) * 64u + group.x] = shape.scale * sums[0]; }
}

// One workgroup an image.
@compute @workgroup_size(64)
fn diversity_difference(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let n = group.x;
  let first = n * matrix();
  var sum = 0.0;
  for (var i = local; i < matrix(); i += 64u) { sum = fma(grams[first + i], others(n, i), sum); }
  tree_sum(local, sum);
  workgroupBarrier();
  let likeness = sums[0];
  for (var i = local; i < matrix(); i += 64u) {
    difference[first + i] = (others(n, i) - grams[first + i] * likeness) / norms[n];
  }
}
