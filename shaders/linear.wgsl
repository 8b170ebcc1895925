// Fully connected layer over the flattened input.
//
//   y[n,o]  = b[o] + Σ_i w[o,i] · x[n,i]
//   dx[n,i] = Σ_o w[o,i] · dy[n,o], added to what is there when `accumulate` is 1
//
// x, dx are (N,I); y, dy are (N,O); w is (rows,I), a slice of the whole weight that begins at row `firstRow`. So a
// weight that is larger than the device's binding limit can be split.
#import lib/index
#import lib/tree_sum

struct Shape {
  batch: u32,
  inputFeatures: u32,
  outputFeatures: u32,
  firstRow: u32,
  rows: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read> input: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<storage, read> outputGradient: array<f32>;
@group(0) @binding(6) var<storage, read_write> inputGradient: array<f32>;

// One workgroup an output: its 64 invocations read the row side by side and add up in a tree.
@compute @workgroup_size(64)
fn linear_forward(invocation: Invocation) {
  let index = invocation.group.y * invocation.groups.x + invocation.group.x;
  let row = index % shape.rows;
  let n = index / shape.rows;
  var sum = 0.0;
  if (n < shape.batch) {
    for (var i = invocation.local; i < shape.inputFeatures; i += 64u) {
      sum = fma(weights[row * shape.inputFeatures + i], input[n * shape.inputFeatures + i], sum);
    }
  }
  tree_sum(invocation.local, sum);
  if (invocation.local == 0u && n < shape.batch) {
    let o = shape.firstRow + row;
    output[n * shape.outputFeatures + o] = sums[0] + bias[o];
  }
}

@compute @workgroup_size(64)
fn linear_backward_input(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.batch * shape.inputFeatures) { return; }
  let i = index % shape.inputFeatures;
  let n = index / shape.inputFeatures;
  var sum = 0.0;
  if (shape.accumulate == 1u) { sum = inputGradient[index]; }
  for (var row = 0u; row < shape.rows; row++) {
    let g = outputGradient[n * shape.outputFeatures + shape.firstRow + row];
    sum = fma(weights[row * shape.inputFeatures + i], g, sum);
  }
  inputGradient[index] = sum;
}
