// Weights for the tiled convolutions, made once at load from w, (K,C,3,3).
//
//   forward:        packed[c,r,s,k] = w[k,c,r,s]
//   backward_input: packed[k,r,s,c] = w[k,c,2−r,2−s], so that the backward pass is again a convolution
//
// The last dimension is padded with zeros to a multiple of 8.
#import lib/index

struct Shape {
  outputChannels: u32,
  inputChannels: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> packed: array<f32>;

@compute @workgroup_size(64)
fn conv3x3_pack_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let padded = (shape.outputChannels + 7u) / 8u * 8u;
  if (index >= shape.inputChannels * 9u * padded) { return; }
  let k = index % padded;
  let tap = index / padded % 9u;
  let c = index / padded / 9u;
  var value = 0.0;
  if (k < shape.outputChannels) { value = weights[(k * shape.inputChannels + c) * 9u + tap]; }
  packed[index] = value;
}

@compute @workgroup_size(64)
fn conv3x3_pack_backward_input(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let padded = (shape.inputChannels + 7u) / 8u * 8u;
  if (index >= shape.outputChannels * 9u * padded) { return; }
  let c = index % padded;
  let tap = index / padded % 9u;
  let k = index / padded / 9u;
  var value = 0.0;
  if (c < shape.inputChannels) { value = weights[(k * shape.inputChannels + c) * 9u + 8u - tap]; }
  packed[index] = value;
}
