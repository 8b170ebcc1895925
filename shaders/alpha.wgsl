// Opacity of every pixel, and the image laid over a background: what the network sees of a transparent image.
//
//   a = σ(s·t),  σ(x) = 1/(1+e^(−x))      dt = s·a(1−a)·da
//   y[c] = a·u[c] + (1−a)·b[c]            du[c] = a·dy[c],  da = Σ_c (u[c] − b[c])·dy[c]
//
// t and a are (N,1,H,W); u, y and b are (N,C,H,W), colours − mean. With `plain` 1, b is 0: the mean colour.
#import lib/colours
#import lib/index

struct Alpha {
  count: u32,  // pixels of all images
  area: u32,
  plain: u32,
  slope: f32,  // s
}

@group(0) @binding(0) var<uniform> shape: Alpha;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> alpha: array<f32>;
@group(0) @binding(3) var<storage, read> image: array<f32>;
@group(0) @binding(4) var<storage, read> background: array<f32>;
@group(0) @binding(5) var<storage, read> gradient: array<f32>;
@group(0) @binding(6) var<storage, read_write> opacity: array<f32>;
@group(0) @binding(7) var<storage, read_write> output: array<f32>;

// t, `logits`, to a, `opacity`.
@compute @workgroup_size(64)
fn opacity_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index < shape.count) { opacity[index] = 1.0 / (1.0 + exp(-shape.slope * logits[index])); }
}

// da, `gradient`, to dt, `output`.
@compute @workgroup_size(64)
fn opacity_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index < shape.count) {
    output[index] = shape.slope * alpha[index] * (1.0 - alpha[index]) * gradient[index];
  }
}

// Element of colour c of pixel `index` among all pixels of all images.
fn element(index: u32, c: u32) -> u32 {
  return (index / shape.area * COLOURS + c) * shape.area + index % shape.area;
}

fn behind(at: u32) -> f32 { return select(background[at], 0.0, shape.plain == 1u); }

// u, `image`, to y, `output`.
@compute @workgroup_size(64)
fn composite_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.count) { return; }
  let a = alpha[index];
  for (var c = 0u; c < COLOURS; c++) {
    let at = element(index, c);
    output[at] = a * image[at] + (1.0 - a) * behind(at);
  }
}

// dy, `gradient`, to du, `output`, and da, `opacity`.
@compute @workgroup_size(64)
fn composite_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.count) { return; }
  var sum = 0.0;
  for (var c = 0u; c < COLOURS; c++) {
    let at = element(index, c);
    sum += (image[at] - behind(at)) * gradient[at];
    output[at] = alpha[index] * gradient[at];
  }
  opacity[index] = sum;
}
