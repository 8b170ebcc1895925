// Weights for the half-precision convolutions, made once at load from w, (K,C,3,3), after their range was
// taken (conv3x3_range_half.wgsl).
//
//   forward:        packed[c,r,s,k] = 2^e · w[k,c,r,s]
//   backward_input: packed[k,r,s,c] = 2^e · w[k,c,2−r,2−s]
//
// 2^e brings the largest weight just below 2⁶. The last dimension is padded with zeros to a multiple of 8.
enable f16;
#import lib/index
#import lib/half_scale

struct Shape {
  outputChannels: u32,
  inputChannels: u32,
}

struct Packed {
  range: array<u32, 64>,
  taps: array<vec4<f16>>,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> packed: Packed;

// Channel j is 0 … `channels`−1, or padding.
fn scaled(index: u32, j: u32, channels: u32, scale: f32) -> f16 {
  var value = 0.0;
  if (j < channels) { value = weights[index] * scale; }
  return f16(value);
}

fn scale_of_weights() -> f32 {
  var range = 0u;
  for (var i = 0u; i < 64u; i++) { range = max(range, packed.range[i]); }
  return half_scale(range);
}

@compute @workgroup_size(64)
fn conv3x3_pack_forward_half(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let quads = (shape.outputChannels + 7u) / 8u * 2u;
  if (index >= shape.inputChannels * 9u * quads) { return; }
  let k = index % quads * 4u;
  let tap = index / quads % 9u;
  let c = index / quads / 9u;
  let scale = scale_of_weights();
  let stride = shape.inputChannels * 9u;
  let first = k * stride + c * 9u + tap;
  packed.taps[index] = vec4<f16>(
    scaled(first, k, shape.outputChannels, scale),
    scaled(first + stride, k + 1u, shape.outputChannels, scale),
    scaled(first + 2u * stride, k + 2u, shape.outputChannels, scale),
    scaled(first + 3u * stride, k + 3u, shape.outputChannels, scale),
  );
}

@compute @workgroup_size(64)
fn conv3x3_pack_backward_input_half(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let quads = (shape.inputChannels + 7u) / 8u * 2u;
  if (index >= shape.outputChannels * 9u * quads) { return; }
  let c = index % quads * 4u;
  let tap = index / quads % 9u;
  let k = index / quads / 9u;
  let scale = scale_of_weights();
  let first = (k * shape.inputChannels + c) * 9u + 8u - tap;
  packed.taps[index] = vec4<f16>(
    scaled(first, c, shape.inputChannels, scale),
    scaled(first + 9u, c + 1u, shape.inputChannels, scale),
    scaled(first + 18u, c + 2u, shape.inputChannels, scale),
    scaled(first + 27u, c + 3u, shape.inputChannels, scale),
  );
}
