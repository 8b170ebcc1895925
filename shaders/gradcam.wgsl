// Grad-CAM (Selvaraju et al. 2017), from a layer's activation a and the objective's gradient g there:
//
//   α[n,c] = (1/P) Σ_p g[n,c,p]        cam[n,p] = max(0, Σ_c α[n,c]·a[n,c,p])
//
// a, g are (N,C,P) with P = H·W positions; α is (N,C), cam is (N,P).
#import lib/index
#import lib/tree_sum

struct Shape {
  batch: u32,
  channels: u32,
  area: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> alpha: array<f32>;
@group(0) @binding(3) var<storage, read> activation: array<f32>;
@group(0) @binding(4) var<storage, read> importance: array<f32>;  // α, read
@group(0) @binding(5) var<storage, read_write> cam: array<f32>;

// One workgroup a channel of an image.
@compute @workgroup_size(64)
fn gradcam_weights(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let plane = group.y * shape.channels + group.x;
  var sum = 0.0;
  for (var p = local; p < shape.area; p += 64u) { sum += gradient[plane * shape.area + p]; }
  tree_sum(local, sum);
  if (local == 0u) { alpha[plane] = sums[0] / f32(shape.area); }
}

@compute @workgroup_size(64)
fn gradcam_map(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.batch * shape.area) { return; }
  let n = index / shape.area;
  var sum = 0.0;
  for (var c = 0u; c < shape.channels; c++) {
    let plane = n * shape.channels + c;
    sum = fma(importance[plane], activation[plane * shape.area + index % shape.area], sum);
  }
  cam[index] = max(sum, 0.0);
}
