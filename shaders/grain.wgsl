// Noise added to every pixel, anew each iteration, so that no single pixel counts. The gradient goes straight through.
//
//   y[i] = x[i] + sigma·z[i]        dx[i] = dy[i]
//
// x, y are (N,stride); in grain_alone x is 0. z is about normal: the sum of eight uniform numbers of the counter (seed
// + n, step, op, place within image n).
#import lib/index
#import lib/random
#import lib/state

struct Grain {
  count: u32,   // N·stride
  stride: u32,
  sigma: f32,
  seed: u32,
  op: u32,
}

@group(0) @binding(0) var<uniform> shape: Grain;
@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(2) var<storage, read> input: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

// Sum of the eight halves of four words, each over 2^16: mean 4 (less 2^-14), standard deviation √(8/12).
fn normal(i: u32) -> f32 {
  let bits = random_bits(shape.seed + i / shape.stride, state.step, shape.op, i % shape.stride);
  let halves = (bits & vec4u(0xffffu)) + (bits >> vec4u(16u));
  let sum = halves.x + halves.y + halves.z + halves.w;
  return (f32(sum) * 0x1p-16 - 4.0) * 1.2247449;
}

@compute @workgroup_size(64)
fn grain_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.count) { return; }
  output[index] = input[index] + shape.sigma * normal(index);
}

@compute @workgroup_size(64)
fn grain_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index < shape.count) { output[index] = input[index]; }
}

@compute @workgroup_size(64)
fn grain_alone(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index < shape.count) { output[index] = shape.sigma * normal(index); }
}
