// Adaptive average pool to O×O (PyTorch's windows; O = 1 is global average pooling).
//
//   y[n,c,p,q]  = mean of x[n,c,i,j] over the window of (p,q)
//   dx[n,c,i,j] = Σ over the windows (p,q) that hold (i,j) of dy[n,c,p,q] / window size
//
// Row window of p: from ⌊pH/O⌋ to ⌈(p+1)H/O⌉; columns likewise. Windows overlap where O does not divide H.
// x, dx are (N,C,H,W) as `planes` = N·C planes; y, dy are (N,C,O,O).
#import lib/index

struct Shape {
  planes: u32,
  height: u32,
  width: u32,
  outputSize: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<storage, read> outputGradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> inputGradient: array<f32>;

fn window_start(p: u32, size: u32) -> u32 { return p * size / shape.outputSize; }
fn window_end(p: u32, size: u32) -> u32 { return ((p + 1u) * size + shape.outputSize - 1u) / shape.outputSize; }

@compute @workgroup_size(64)
fn avgpool_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let size = shape.outputSize;
  if (index >= shape.planes * size * size) { return; }
  let q = index % size;
  let p = index / size % size;
  let plane = index / size / size;
  let top = window_start(p, shape.height);
  let bottom = window_end(p, shape.height);
  let left = window_start(q, shape.width);
  let right = window_end(q, shape.width);
  var sum = 0.0;
  for (var i = top; i < bottom; i++) {
    for (var j = left; j < right; j++) { sum += input[(plane * shape.height + i) * shape.width + j]; }
  }
  output[index] = sum / f32((bottom - top) * (right - left));
}

@compute @workgroup_size(64)
fn avgpool_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.planes * shape.height * shape.width) { return; }
  let j = index % shape.width;
  let i = index / shape.width % shape.height;
  let plane = index / shape.width / shape.height;
  let size = shape.outputSize;
  var sum = 0.0;
  for (var p = 0u; p < size; p++) {
    let top = window_start(p, shape.height);
    let bottom = window_end(p, shape.height);
    if (i < top || i >= bottom) { continue; }
    for (var q = 0u; q < size; q++) {
      let left = window_start(q, shape.width);
      let right = window_end(q, shape.width);
      if (j < left || j >= right) { continue; }
      sum += outputGradient[(plane * size + p) * size + q] / f32((bottom - top) * (right - left));
    }
  }
  inputGradient[index] = sum;
}
