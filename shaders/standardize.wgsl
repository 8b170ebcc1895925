// How far from grey each image is, and how strongly it varies: what a standardised picture is shown by (present.wgsl;
// Chollet 2020, the Keras example).
//
//   statistics[n] = (m, deviation/(σ + epsilon)),  m = (1/CP) Σ (u + mean),  σ² = (1/CP) Σ (u + mean − m)²
//
// u is (N,C,P). The sums are over all numbers of an image.
#import lib/colours
#import lib/tree_sum

struct Shape {
  area: u32,
  deviation: f32,
  epsilon: f32,
  mean: vec4f,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> image: array<f32>;
@group(0) @binding(2) var<storage, read_write> statistics: array<f32>;

fn rgb(first: u32, i: u32) -> f32 { return image[first + i] + shape.mean[i / shape.area]; }

// One workgroup an image.
@compute @workgroup_size(64)
fn standardize_statistics(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let count = COLOURS * shape.area;
  let first = group.x * count;
  var sum = 0.0;
  for (var i = local; i < count; i += 64u) { sum += rgb(first, i); }
  tree_sum(local, sum);
  workgroupBarrier();
  let m = sums[0] / f32(count);
  workgroupBarrier();
  var squares = 0.0;
  for (var i = local; i < count; i += 64u) {
    let x = rgb(first, i) - m;
    squares = fma(x, x, squares);
  }
  tree_sum(local, squares);
  if (local == 0u) {
    statistics[2u * group.x] = m;
    statistics[2u * group.x + 1u] = shape.deviation / (sqrt(sums[0] / f32(count)) + shape.epsilon);
  }
}
