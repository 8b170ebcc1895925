// A window on every image. Pad: it reaches beyond the border. Random crop: it is smaller, and falls anew each
// iteration.
//
//   y[n,c,i,j] = x[n,c,i+oy,j+ox], or fill[c] outside        dx[n,c,i,j] = dy[n,c,i−oy,j−ox], or 0 outside
//   oy, ox = ⌊(slack − spread)/2⌋ + uniform over 0 … spread, − border
//
// x is (N,C,inputHeight,inputWidth), y is (N,C,outputHeight,outputWidth). Random numbers: counter (seed + n, step, op,
// 0).
#import lib/colours
#import lib/index
#import lib/random
#import lib/state

struct Window {
  batch: u32,
  inputHeight: u32,
  inputWidth: u32,
  outputHeight: u32,
  outputWidth: u32,
  border: u32,
  slack: u32,
  spread: u32,
  seed: u32,
  op: u32,
  fill: vec4f,
}

@group(0) @binding(0) var<uniform> shape: Window;
@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(2) var<storage, read> input: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

fn corner(n: u32) -> vec2i {
  let spread = min(shape.spread, shape.slack);
  let bits = random_bits(shape.seed + n, state.step, shape.op, 0u).xy;
  return vec2i((shape.slack - spread) / 2u + bits % (spread + 1u)) - i32(shape.border);
}

@compute @workgroup_size(64)
fn window_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let area = shape.outputHeight * shape.outputWidth;
  if (index >= shape.batch * COLOURS * area) { return; }
  let plane = index / area;
  let place = vec2i(vec2u(index % area / shape.outputWidth, index % shape.outputWidth)) + corner(plane / COLOURS);
  let size = vec2i(vec2u(shape.inputHeight, shape.inputWidth));
  var value = shape.fill[plane % COLOURS];
  if (all(place >= vec2i(0)) && all(place < size)) {
    value = input[(plane * shape.inputHeight + u32(place.x)) * shape.inputWidth + u32(place.y)];
  }
  output[index] = value;
}

// From dy, `input`, to dx, `output`.
@compute @workgroup_size(64)
fn window_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let area = shape.inputHeight * shape.inputWidth;
  if (index >= shape.batch * COLOURS * area) { return; }
  let plane = index / area;
  let place = vec2i(vec2u(index % area / shape.inputWidth, index % shape.inputWidth)) - corner(plane / COLOURS);
  let size = vec2i(vec2u(shape.outputHeight, shape.outputWidth));
  var value = 0.0;
  if (all(place >= vec2i(0)) && all(place < size)) {
    value = input[(plane * shape.outputHeight + u32(place.x)) * shape.outputWidth + u32(place.y)];
  }
  output[index] = value;
}
