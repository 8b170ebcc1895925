// 2×2 average pool, stride 2; odd sizes floor.
//
//   y[n,c,i,j]  = mean of x[n,c,2i…2i+1,2j…2j+1]
//   dx[n,c,i,j] = dy[n,c,i/2,j/2] / 4, and 0 in the last row and column of an odd size
//
// x, dx are (N,C,H,W) as `planes` = N·C planes; y, dy are (N,C,⌊H/2⌋,⌊W/2⌋).
#import lib/index

struct Shape {
  planes: u32,
  height: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<storage, read> outputGradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> inputGradient: array<f32>;

@compute @workgroup_size(64)
fn avgpool2x2_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let height = shape.height / 2u;
  let width = shape.width / 2u;
  if (index >= shape.planes * height * width) { return; }
  let j = index % width;
  let i = index / width % height;
  let plane = index / width / height;
  let first = (plane * shape.height + 2u * i) * shape.width + 2u * j;
  let below = first + shape.width;
  output[index] = 0.25 * (input[first] + input[first + 1u] + (input[below] + input[below + 1u]));
}

@compute @workgroup_size(64)
fn avgpool2x2_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.planes * shape.height * shape.width) { return; }
  let height = shape.height / 2u;
  let width = shape.width / 2u;
  let j = index % shape.width / 2u;
  let i = index / shape.width % shape.height / 2u;
  let plane = index / shape.width / shape.height;
  var dx = 0.0;
  if (i < height && j < width) { dx = 0.25 * outputGradient[(plane * height + i) * width + j]; }
  inputGradient[index] = dx;
}
