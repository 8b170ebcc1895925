// Penalties on the images themselves, x = RGB in 0–1 units, as terms of an objective (Lucid's L1, L2, total
// variation and blur). The resident image is u = x − mean, (N,C,H,W).
//
//   l1    f[n] = scale·gain[n]·Σ|x − c|                ∂f = scale·gain·sign(x − c)
//   l2    f[n] = scale·gain[n]·√(Σ(x − c)² + 1e-6)     ∂f = scale·gain·(x − c)/√(Σ(x − c)² + 1e-6)
//   tv    f[n] = scale·gain[n]·Σ|x[i+1,j] − x[i,j]| + |x[i,j+1] − x[i,j]|, sign(0) = 0
//   blur  f[n] = scale·gain[n]·½Σ(x − Bx)²             ∂f = scale·gain·(I − B)(x − Bx)
//
// B is the Gaussian blur of blur.wgsl. Reflection about the edge makes it symmetric, so it is its own adjoint;
// penalty_residual makes x − Bx, and residual_backward subtracts its blur.
#import lib/colours
#import lib/index
#import lib/tree_sum

struct Shape {
  batch: u32,
  height: u32,
  width: u32,
  slot: u32,  // of the partial sums, see reduce.wgsl
  scale: f32,
  toward: f32,  // c
  mean: vec4f,  // of the colours
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> image: array<f32>;
@group(0) @binding(2) var<storage, read> gains: array<f32>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(5) var<storage, read_write> root: array<f32>;
@group(0) @binding(6) var<storage, read> roots: array<f32>;
@group(0) @binding(7) var<storage, read> blurred: array<f32>;
@group(0) @binding(8) var<storage, read_write> residual: array<f32>;
@group(0) @binding(9) var<storage, read> residuals: array<f32>;

fn area() -> u32 { return shape.height * shape.width; }
fn size() -> u32 { return COLOURS * area(); }

// x − c at element i of image n.
fn offset(n: u32, i: u32) -> f32 { return image[n * size() + i] + shape.mean[i / area()] - shape.toward; }

fn finish(group: vec3u, local: u32, sum: f32) {
  tree_sum(local, sum);
  if (local == 0u) {
    partials[(shape.slot * shape.batch + group.y) * 64u + group.x] = shape.scale * gains[group.y] * sums[0];
  }
}

@compute @workgroup_size(64)
fn l1_forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = group.x * 64u + local; i < size(); i += 4096u) { sum += abs(offset(group.y, i)); }
  finish(group, local, sum);
}

@compute @workgroup_size(64)
fn l1_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.batch * size()) { return; }
  let n = index / size();
  gradient[index] += shape.scale * gains[n] * sign(offset(n, index % size()));
}

// One workgroup an image, so that the root is known; it fills the slot's other partial sums with zeros.
@compute @workgroup_size(64)
fn root_forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = local; i < size(); i += 64u) {
    let x = offset(group.x, i);
    sum = fma(x, x, sum);
  }
  tree_sum(local, sum);
  workgroupBarrier();
  let length = sqrt(sums[0] + 1e-6);
  let first = local == 0u;
  partials[(shape.slot * shape.batch + group.x) * 64u + local] =
    select(0.0, shape.scale * gains[group.x] * length, first);
  if (first) { root[group.x] = length; }
}

@compute @workgroup_size(64)
fn root_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.batch * size()) { return; }
  let n = index / size();
  gradient[index] += shape.scale * gains[n] * offset(n, index % size()) / roots[n];
}

@compute @workgroup_size(64)
fn variation_forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = group.x * 64u + local; i < size(); i += 4096u) {
    let at = group.y * size() + i;
    if (i % shape.width + 1u < shape.width) { sum += abs(image[at + 1u] - image[at]); }
    if (i / shape.width % shape.height + 1u < shape.height) { sum += abs(image[at + shape.width] - image[at]); }
  }
  finish(group, local, sum);
}

@compute @workgroup_size(64)
fn variation_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.batch * size()) { return; }
  let x = image[index];
  let column = index % shape.width;
  let row = index / shape.width % shape.height;
  var g = 0.0;
  if (column > 0u) { g += sign(x - image[index - 1u]); }
  if (column + 1u < shape.width) { g += sign(x - image[index + 1u]); }
  if (row > 0u) { g += sign(x - image[index - shape.width]); }
  if (row + 1u < shape.height) { g += sign(x - image[index + shape.width]); }
  gradient[index] += shape.scale * gains[index / size()] * g;
}

@compute @workgroup_size(64)
fn penalty_residual(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index < shape.batch * size()) { residual[index] = image[index] - blurred[index]; }
}

@compute @workgroup_size(64)
fn residual_forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = group.x * 64u + local; i < size(); i += 4096u) {
    let r = residuals[group.y * size() + i];
    sum = fma(0.5 * r, r, sum);
  }
  finish(group, local, sum);
}

@compute @workgroup_size(64)
fn residual_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.batch * size()) { return; }
  gradient[index] += shape.scale * gains[index / size()] * (residuals[index] - blurred[index]);
}
