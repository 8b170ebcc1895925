// A scale and a shift for each channel: batch norm where no convolution takes it in. Backward works in place.
//
//   y[n,c,·] = w[c] · x[n,c,·] + b[c]        dx[n,c,·] = w[c] · dy[n,c,·]
//
// x, y, dx, dy are (N,C,H·W), `length` numbers; w, b are (C).
#import lib/index

struct Shape {
  length: u32,
  channels: u32,
  area: u32,  // H·W
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read> input: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(64)
fn affine_forward(invocation: Invocation) {
  let i = linear_index(invocation, 64u);
  if (i >= shape.length) { return; }
  let c = i / shape.area % shape.channels;
  output[i] = fma(weights[c], input[i], bias[c]);
}

@compute @workgroup_size(64)
fn affine_backward(invocation: Invocation) {
  let i = linear_index(invocation, 64u);
  if (i >= shape.length) { return; }
  gradient[i] = weights[i / shape.area % shape.channels] * gradient[i];
}
