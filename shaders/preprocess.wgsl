// From the resident image u = RGB − mean, (N,3,H,W) in 0–1 units, to the network's input and back.
//
//   x[n,c,i,j] = scale[c] · u[n,order[c],i,j]        du[n,order[c],i,j] = scale[c] · dx[n,c,i,j]
#import lib/index

struct Shape {
  area: u32,
  batch: u32,
  order: vec4u,
  scale: vec4f,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<storage, read> outputGradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> inputGradient: array<f32>;

@compute @workgroup_size(64)
fn preprocess_forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = linear_index(group, groups, local, 64u);
  if (index >= shape.batch * 3u * shape.area) { return; }
  let c = index / shape.area % 3u;
  let n = index / shape.area / 3u;
  output[index] = shape.scale[c] * input[(n * 3u + shape.order[c]) * shape.area + index % shape.area];
}

@compute @workgroup_size(64)
fn preprocess_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = linear_index(group, groups, local, 64u);
  if (index >= shape.batch * 3u * shape.area) { return; }
  let c = index / shape.area % 3u;
  let n = index / shape.area / 3u;
  inputGradient[(n * 3u + shape.order[c]) * shape.area + index % shape.area] = shape.scale[c] * outputGradient[index];
}
