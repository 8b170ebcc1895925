// Circular jitter: every image is rolled by its own (dy,dx), uniform in [−p,p]², anew each iteration.
//
//   y[n,c,i,j] = x[n,c,i−dy mod H,j−dx mod W]        dx[n,c,i,j] = dy[n,c,i+dy mod H,j+dx mod W]
//
// x, y are (N,C,H,W). Random numbers: counter (seed + n, step, op, 0).
#import lib/colours
#import lib/index
#import lib/random
#import lib/state

struct Shape {
  batch: u32,
  height: u32,
  width: u32,
  jitter: u32,
  seed: u32,
  op: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(2) var<storage, read> input: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

// Element `index` after a roll by `direction` times this iteration's shift, as an index before it.
fn rolled(index: u32, direction: i32) -> u32 {
  let area = shape.height * shape.width;
  let bits = random_bits(shape.seed + index / area / COLOURS, state.step, shape.op, 0u);
  let height = i32(shape.height);
  let width = i32(shape.width);
  let dy = direction * random_shift(bits.x, shape.jitter) % height;
  let dx = direction * random_shift(bits.y, shape.jitter) % width;
  let i = (i32(index / shape.width % shape.height) - dy + height) % height;
  let j = (i32(index % shape.width) - dx + width) % width;
  return index / area * area + u32(i) * shape.width + u32(j);
}

@compute @workgroup_size(64)
fn jitter_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.batch * COLOURS * shape.height * shape.width) { return; }
  output[index] = input[rolled(index, 1)];
}

@compute @workgroup_size(64)
fn jitter_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.batch * COLOURS * shape.height * shape.width) { return; }
  output[index] = input[rolled(index, -1)];
}
