// Gaussian blur, separable: rows, then columns. Radius ⌊4σ+0.5⌋; borders are reflected about their edge
// (d c b a | a b c d | d c b a), as scipy.ndimage.gaussian_filter does by default.
//
//   y[i] = Σ_k exp(−k²/2σ²) · x[reflect(i+k)] / Σ_k exp(−k²/2σ²)
//
// x, y are `planes` planes of (H,W).
#import lib/index

struct Shape {
  planes: u32,
  height: u32,
  width: u32,
  sigma: f32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

fn reflected(i: i32, size: i32) -> u32 {
  let period = 2 * size;
  let k = (i % period + period) % period;
  return u32(select(k, period - 1 - k, k >= size));
}

// Blurs along one line: `size` elements from `first`, `stride` apart.
fn blurred(first: u32, stride: u32, size: u32, position: u32) -> f32 {
  if (shape.sigma <= 0.0) { return input[first + position * stride]; }
  let radius = i32(floor(4.0 * shape.sigma + 0.5));
  var sum = 0.0;
  var norm = 0.0;
  for (var k = -radius; k <= radius; k++) {
    let weight = exp(-f32(k * k) / (2.0 * shape.sigma * shape.sigma));
    sum += weight * input[first + reflected(i32(position) + k, i32(size)) * stride];
    norm += weight;
  }
  return sum / norm;
}

@compute @workgroup_size(64)
fn blur_rows(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.planes * shape.height * shape.width) { return; }
  let x = index % shape.width;
  output[index] = blurred(index - x, 1u, shape.width, x);
}

@compute @workgroup_size(64)
fn blur_columns(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.planes * shape.height * shape.width) { return; }
  let y = index / shape.width % shape.height;
  output[index] = blurred(index - y * shape.width, shape.width, shape.height, y);
}
