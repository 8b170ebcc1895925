// S×S convolution, S odd, stride 1, zero padding p < S: one invocation an output. 3×3 has kernels of its own.
//
//   y[n,k,i,j]  = b[k] + Σ_c Σ_r Σ_s w[k,c,r,s] · x[n,c,i+r−p,j+s−p]
//   dx[n,c,i,j] =        Σ_k Σ_r Σ_s w[k,c,r,s] · dy[n,k,i−r+p,j−s+p]
//
// x, dx are (N,C,H,W); y, dy are (N,K,H+2p−S+1,W+2p−S+1); w is (K,C,S,S); reads outside are zero.
#import lib/index

struct Shape {
  batch: u32,
  inputChannels: u32,
  inputHeight: u32,
  inputWidth: u32,
  outputChannels: u32,
  outputHeight: u32,
  outputWidth: u32,
  pad: u32,
  side: u32,  // S
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read> input: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<storage, read> outputGradient: array<f32>;
@group(0) @binding(6) var<storage, read_write> inputGradient: array<f32>;

fn weight_row(k: u32, c: u32, r: u32) -> u32 {
  return ((k * shape.inputChannels + c) * shape.side + r) * shape.side;
}

@compute @workgroup_size(64)
fn conv_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let area = shape.outputHeight * shape.outputWidth;
  if (index >= shape.batch * shape.outputChannels * area) { return; }
  let j = index % shape.outputWidth;
  let i = index / shape.outputWidth % shape.outputHeight;
  let k = index / area % shape.outputChannels;
  let n = index / area / shape.outputChannels;
  var sum = bias[k];
  for (var c = 0u; c < shape.inputChannels; c++) {
    for (var r = 0u; r < shape.side; r++) {
      let y = i + r - shape.pad;  // above the first row it wraps, and so is beyond the last
      if (y >= shape.inputHeight) { continue; }
      let row = ((n * shape.inputChannels + c) * shape.inputHeight + y) * shape.inputWidth;
      for (var s = 0u; s < shape.side; s++) {
        let x = j + s - shape.pad;
        if (x < shape.inputWidth) { sum = fma(weights[weight_row(k, c, r) + s], input[row + x], sum); }
      }
    }
  }
  output[index] = sum;
}

@compute @workgroup_size(64)
fn conv_backward_input(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let area = shape.inputHeight * shape.inputWidth;
  if (index >= shape.batch * shape.inputChannels * area) { return; }
  let j = index % shape.inputWidth;
  let i = index / shape.inputWidth % shape.inputHeight;
  let c = index / area % shape.inputChannels;
  let n = index / area / shape.inputChannels;
  var sum = 0.0;
  for (var k = 0u; k < shape.outputChannels; k++) {
    for (var r = 0u; r < shape.side; r++) {
      let y = i + shape.pad - r;
      if (y >= shape.outputHeight) { continue; }
      let row = ((n * shape.outputChannels + k) * shape.outputHeight + y) * shape.outputWidth;
      for (var s = 0u; s < shape.side; s++) {
        let x = j + shape.pad - s;
        if (x < shape.outputWidth) { sum = fma(weights[weight_row(k, c, r) + s], outputGradient[row + x], sum); }
      }
    }
  }
  inputGradient[index] = sum;
}
