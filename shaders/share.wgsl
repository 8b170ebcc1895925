// Numbers that all images of a batch share: where `mask` is 1 every image has the first image's.
//
//   s[n,i]  = v[0,i] where mask[i] = 1, else v[n,i]
//   dv[n,i] = Σ_m ds[m,i] where mask[i] = 1, else ds[n,i]
//
// v, s are (N,length), in one buffer, and so are the gradients.
//
// A shared number is one number with one derivative: the sum over the images. Every image gets that sum, not the first
// image alone, because an optimizer may divide the gradient of an image by its norm (`normalized`, `rms`, `mean`). That
// norm must be of all numbers that make the image, the shared ones included. Were the sum in the first image alone, its
// norm would grow with N, it would take shorter steps than the others, and theirs would ignore the shared numbers.
// The steps on the copies of a shared number differ where the norms do. `share_forward` keeps the first image's.
#import lib/index

struct Share {
  batch: u32,
  length: u32,
}

@group(0) @binding(0) var<uniform> share: Share;
@group(0) @binding(1) var<storage, read> mask: array<f32>;
@group(0) @binding(2) var<storage, read_write> values: array<f32>;

@compute @workgroup_size(64)
fn share_forward(invocation: Invocation) {
  let i = linear_index(invocation, 64u);
  if (i >= share.length || mask[i] == 0.0) { return; }
  for (var n = 1u; n < share.batch; n++) { values[n * share.length + i] = values[i]; }
}

@compute @workgroup_size(64)
fn share_backward(invocation: Invocation) {
  let i = linear_index(invocation, 64u);
  if (i >= share.length || mask[i] == 0.0) { return; }
  var sum = values[i];
  for (var n = 1u; n < share.batch; n++) { sum += values[n * share.length + i]; }
  for (var n = 0u; n < share.batch; n++) { values[n * share.length + i] = sum; }
}
