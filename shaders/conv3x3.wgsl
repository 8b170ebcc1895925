// 3×3 convolution, stride 1, zero padding p, plain: one invocation an output.
//
//   y[n,k,i,j]  = b[k] + Σ_c Σ_r Σ_s w[k,c,r,s] · x[n,c,i+r−p,j+s−p]
//   dx[n,c,i,j] =        Σ_k Σ_r Σ_s w[k,c,r,s] · dy[n,k,i−r+p,j−s+p]
//
// x, dx are (N,C,H,W); y, dy are (N,K,H+2p−2,W+2p−2); w is (K,C,3,3); reads outside are zero.
#import lib/index
#import lib/bits
#import lib/pool

struct Shape {
  batch: u32,
  inputChannels: u32,
  inputHeight: u32,
  inputWidth: u32,
  outputChannels: u32,
  outputHeight: u32,
  outputWidth: u32,
  pad: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read> input: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<storage, read> outputGradient: array<f32>;
@group(0) @binding(6) var<storage, read_write> inputGradient: array<f32>;
@group(0) @binding(7) var<storage, read_write> bits: array<u32>;
@group(0) @binding(8) var<storage, read_write> winners: array<u32>;

fn convolved(n: u32, k: u32, i: u32, j: u32) -> f32 {
  var sum = bias[k];
  for (var c = 0u; c < shape.inputChannels; c++) {
    for (var r = 0u; r < 3u; r++) {
      let y = i + r - shape.pad;
      for (var s = 0u; s < 3u; s++) {
        let x = j + s - shape.pad;
        if (y < shape.inputHeight && x < shape.inputWidth) {
          let w = weights[((k * shape.inputChannels + c) * 3u + r) * 3u + s];
          sum = fma(w, input[((n * shape.inputChannels + c) * shape.inputHeight + y) * shape.inputWidth + x], sum);
        }
      }
    }
  }
  return sum;
}

@compute @workgroup_size(64)
fn conv3x3_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let area = shape.outputHeight * shape.outputWidth;
  if (index >= shape.batch * shape.outputChannels * area) { return; }
  let j = index % shape.outputWidth;
  let i = index / shape.outputWidth % shape.outputHeight;
  let k = index / area % shape.outputChannels;
  let n = index / area / shape.outputChannels;
  output[index] = convolved(n, k, i, j);
}

// The max-pool of the ReLU of y, its winners, and the bits y > 0: one invocation a word of winners.
@compute @workgroup_size(64)
fn conv3x3_forward_relu_pool(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let height = shape.outputHeight / 2u;
  let width = shape.outputWidth / 2u;
  let columns = (width + 3u) / 4u;
  let quads = (shape.outputChannels + 3u) / 4u;
  let j = index % columns * 4u;
  let i = index / columns % height;
  let k = index / columns / height % quads * 4u;
  let n = index / columns / height / quads;
  if (n >= shape.batch) { return; }
  var won = 0u;
  var rows = vec2u(0u);
  for (var c = 0u; c < min(4u, shape.outputChannels - k); c++) {
    for (var p = 0u; p < min(4u, width - j); p++) {
      let x = 2u * (j + p);
      let y = vec4f(
        convolved(n, k + c, 2u * i, x),
        convolved(n, k + c, 2u * i, x + 1u),
        convolved(n, k + c, 2u * i + 1u, x),
        convolved(n, k + c, 2u * i + 1u, x + 1u),
      );
      let best = largest(max(y, vec4f(0.0)));
      output[((n * shape.outputChannels + k + c) * height + i) * width + j + p] = best.value;
      won |= best.which << (8u * c + 2u * p);
      rows |= window_bits(y) << vec2u(8u * c + 2u * p);
    }
  }
  winners[index] = won;
  let upper = word_index(n, k, 2u * i, 2u * j, shape.outputChannels, shape.outputHeight, shape.outputWidth);
  bits[upper] = rows.x;
  bits[upper + (shape.outputWidth + 7u) / 8u] = rows.y;
}

@compute @workgroup_size(64)
fn conv3x3_backward_input(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let area = shape.inputHeight * shape.inputWidth;
  if (index >= shape.batch * shape.inputChannels * area) { return; }
  let j = index % shape.inputWidth;
  let i = index / shape.inputWidth % shape.inputHeight;
  let c = index / area % shape.inputChannels;
  let n = index / area / shape.inputChannels;
  var sum = 0.0;
  for (var k = 0u; k < shape.outputChannels; k++) {
    for (var r = 0u; r < 3u; r++) {
      let y = i + shape.pad - r;
      for (var s = 0u; s < 3u; s++) {
        let x = j + shape.pad - s;
        if (y < shape.outputHeight && x < shape.outputWidth) {
          let w = weights[((k * shape.inputChannels + c) * 3u + r) * 3u + s];
          let g = outputGradient[((n * shape.outputChannels + k) * shape.outputHeight + y) * shape.outputWidth + x];
          sum = fma(w, g, sum);
        }
      }
    }
  }
  inputGradient[index] = sum;
}
