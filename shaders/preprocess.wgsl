// From the resident image to the network's input, and back.
//
//   x[n,c,i,j] = scale[c] · u[n,order[c],y+i,x+j]        du[n,order[c],y+i,x+j] = scale[c] · dx[n,c,i,j], else 0
//
// u is colours − mean, (N,C,H,W) in 0–1 units. x is (N,C,h,w): the window (y,x,h,w) of u, which is the whole image
// where the objective reads all of it.
#import lib/colours
#import lib/index

struct Shape {
  batch: u32,
  size: vec2u,
  // y, x, height, width
  window: vec4u,
  order: vec4u,
  scale: vec4f,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<storage, read> outputGradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> inputGradient: array<f32>;

@compute @workgroup_size(64)
fn preprocess_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let within = shape.window.zw;
  if (index >= shape.batch * COLOURS * within.x * within.y) { return; }
  let at = vec2u(index / within.y % within.x, index % within.y) + shape.window.xy;
  let c = index / within.y / within.x % COLOURS;
  let n = index / within.y / within.x / COLOURS;
  let pixel = at.x * shape.size.y + at.y;
  output[index] = shape.scale[c] * input[(n * COLOURS + shape.order[c]) * shape.size.x * shape.size.y + pixel];
}

@compute @workgroup_size(64)
fn preprocess_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let area = shape.size.x * shape.size.y;
  if (index >= shape.batch * COLOURS * area) { return; }
  let c = index / area % COLOURS;
  let n = index / area / COLOURS;
  let pixel = index % area;
  // Above or left of the window the difference wraps around and is large.
  let at = vec2u(pixel / shape.size.y, pixel % shape.size.y) - shape.window.xy;
  let within = shape.window.zw;
  let source = ((n * COLOURS + c) * within.x + at.x) * within.y + at.y;
  var gradient = 0.0;
  if (all(at < within)) { gradient = shape.scale[c] * outputGradient[source]; }
  inputGradient[(n * COLOURS + shape.order[c]) * area + pixel] = gradient;
}
