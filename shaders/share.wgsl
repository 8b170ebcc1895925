// Numbers that the images of a batch have in common: where `mask` is 1 every image has the first image's.
//
//   s[n,i]  = v[0,i] where mask[i] = 1, else v[n,i]
//   dv[0,i] = Σ_n ds[n,i],  dv[n,i] = 0 for n > 0, where mask[i] = 1;  else dv[n,i] = ds[n,i]
//
// v, s are (N,length), in one buffer, and so are the gradients.
#import lib/index

struct Share {
  batch: u32,
  length: u32,
}

@group(0) @binding(0) var<uniform> share: Share;
@group(0) @binding(1) var<storage, read> mask: array<f32>;
@group(0) @binding(2) var<storage, read_write> values: array<f32>;

@compute @workgroup_size(64)
fn share_forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = linear_index(group, groups, local, 64u);
  if (i >= share.length || mask[i] == 0.0) { return; }
  for (var n = 1u; n < share.batch; n++) { values[n * share.length + i] = values[i]; }
}

@compute @workgroup_size(64)
fn share_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = linear_index(group, groups, local, 64u);
  if (i >= share.length || mask[i] == 0.0) { return; }
  var sum = values[i];
  for (var n = 1u; n < share.batch; n++) {
    sum += values[n * share.length + i];
    values[n * share.length + i] = 0.0;
  }
  values[i] = sum;
}
