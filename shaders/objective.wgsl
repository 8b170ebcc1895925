// Gradients of objectives with respect to the activation they read: the seeds of the backward pass.
//
//   channel, neuron: dy = scale on [offset, offset+count) of each image, else 0
//   layer:           dy = scale · y, for the mean of squares with scale 2·weight/(C·H·W)
//   L2:              du += −2·l2·scale[c]²·u, for −l2·Σ(network input)² on the resident image
//
// y, dy are (N,stride); with `accumulate` the seed is added to the gradient that is there.
#import lib/colours
#import lib/index
#import lib/tree_sum

struct Seed {
  batch: u32,
  stride: u32,
  offset: u32,
  count: u32,
  accumulate: u32,
  scale: f32,
}

struct Decay {
  batch: u32,
  area: u32,
  l2: f32,
  slot: u32,     // of the partial sums, see reduce.wgsl
  scale: vec4f,  // of the network input, by colour
}

@group(0) @binding(0) var<uniform> seed: Seed;
@group(0) @binding(1) var<storage, read> activation: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(3) var<uniform> decay: Decay;
@group(0) @binding(4) var<storage, read> image: array<f32>;
@group(0) @binding(5) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(64)
fn seed_constant(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= seed.batch * seed.stride) { return; }
  let i = index % seed.stride;
  var g = 0.0;
  if (seed.accumulate == 1u) { g = gradient[index]; }
  if (i >= seed.offset && i - seed.offset < seed.count) { g += seed.scale; }
  gradient[index] = g;
}

@compute @workgroup_size(64)
fn seed_activation(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= seed.batch * seed.stride) { return; }
  var g = seed.scale * activation[index];
  if (seed.accumulate == 1u) { g += gradient[index]; }
  gradient[index] = g;
}

@compute @workgroup_size(64)
fn l2_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= decay.batch * COLOURS * decay.area) { return; }
  let scale = decay.scale[index / decay.area % COLOURS];
  gradient[index] -= 2.0 * decay.l2 * scale * scale * image[index];
}

// The value −l2·Σ(network input)², as 64 partial sums an image (reduce.wgsl).
@compute @workgroup_size(64)
fn l2_forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = group.x * 64u + local; i < COLOURS * decay.area; i += 4096u) {
    let x = decay.scale[i / decay.area] * image[group.y * COLOURS * decay.area + i];
    sum = fma(x, x, sum);
  }
  tree_sum(local, sum);
  if (local == 0u) { partials[(decay.slot * decay.batch + group.y) * 64u + group.x] = -decay.l2 * sums[0]; }
}
