// Hyperbolic tangent and logistic sigmoid. Forward leaves the derivative at each unit, and backward multiplies by it, in
// place.
//
//   tanh:     y = (1−e)/(1+e) with the sign of x, e = exp(−2|x|)        y′ = 4e/(1+e)²
//   sigmoid:  y = 1/(1+e) for x ≥ 0, e/(1+e) below, e = exp(−|x|)       y′ = e/(1+e)²
//
//   dx = y′ · dy
//
// No exponent is positive, so nothing overflows. Near 0, where 1−e cancels, tanh is its series to x⁵. All have `length`
// numbers.
#import lib/index

struct Shape {
  length: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<storage, read_write> derivative: array<f32>;
@group(0) @binding(4) var<storage, read> factor: array<f32>;
@group(0) @binding(5) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(64)
fn tanh_forward(invocation: Invocation) {
  let i = linear_index(invocation, 64u);
  if (i >= shape.length) { return; }
  let x = input[i];
  let e = exp(-2.0 * abs(x));
  let series = x * (1.0 - x * x * (1.0 / 3.0 - x * x * (2.0 / 15.0)));
  output[i] = select(sign(x) * (1.0 - e) / (1.0 + e), series, abs(x) < 0.1);
  derivative[i] = 4.0 * e / ((1.0 + e) * (1.0 + e));
}

@compute @workgroup_size(64)
fn sigmoid_forward(invocation: Invocation) {
  let i = linear_index(invocation, 64u);
  if (i >= shape.length) { return; }
  let x = input[i];
  let e = exp(-abs(x));
  output[i] = select(e, 1.0, x >= 0.0) / (1.0 + e);
  derivative[i] = e / ((1.0 + e) * (1.0 + e));
}

@compute @workgroup_size(64)
fn smooth_backward(invocation: Invocation) {
  let i = linear_index(invocation, 64u);
  if (i >= shape.length) { return; }
  gradient[i] = factor[i] * gradient[i];
}
