// Laplacian pyramid: levels of ⌈H/2^l⌉×⌈W/2^l⌉ pixels are enlarged bilinearly and added up.
//
//   x[n,c,i,j] = Σ_l Σ_p b(p,i)·b(q,j)·v[n,l,c,p,q]        dv[n,l,c,p,q] = Σ_ij b(p,i)·b(q,j)·dx[n,c,i,j]
//   b(p,i) = max(0, 1 − |s(i) − p|),  s(i) = (i + ½)·h/H − ½ within [0, h−1]   (pixel centres, edges repeated)
//
// v is (N,length): for each level, the finest first, (C,h,w). x is (N,C,H,W). The backward pass gathers.
#import lib/bilinear
#import lib/index

struct Pyramid {
  batch: u32,
  planes: u32,  // C
  height: u32,
  width: u32,
  levels: u32,
  length: u32,  // numbers of one image
}

@group(0) @binding(0) var<uniform> shape: Pyramid;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

fn level_size(level: u32) -> vec2u {
  let step = 1u << level;
  return (vec2u(shape.height, shape.width) + step - 1u) / step;
}

// Where pixel i of `whole` lies among the `part` pixels of a level.
fn source(i: u32, part: u32, whole: u32) -> f32 {
  return clamp((f32(i) + 0.5) * f32(part) / f32(whole) - 0.5, 0.0, f32(part - 1u));
}

@compute @workgroup_size(64)
fn pyramid_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let area = shape.height * shape.width;
  if (index >= shape.batch * shape.planes * area) { return; }
  let c = index / area % shape.planes;
  var first = index / area / shape.planes * shape.length;
  var sum = 0.0;
  for (var level = 0u; level < shape.levels; level++) {
    let size = level_size(level);
    let y = source(index % area / shape.width, size.x, shape.height);
    let x = source(index % shape.width, size.y, shape.width);
    sum += bilinear(first + c * size.x * size.y, size, vec2f(y, x));
    first += shape.planes * size.x * size.y;
  }
  output[index] = sum;
}

// The pixels of `whole` that pixel p of a level's `part` reaches: first and last.
fn reached(p: u32, part: u32, whole: u32) -> vec2u {
  let ratio = f32(whole) / f32(part);
  let centre = (f32(p) + 0.5) * ratio - 0.5;
  let begin = select(max(0.0, floor(centre - ratio)), 0.0, p == 0u);
  let end = select(min(f32(whole - 1u), ceil(centre + ratio)), f32(whole - 1u), p == part - 1u);
  return vec2u(u32(begin), u32(end));
}

@compute @workgroup_size(64)
fn pyramid_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.batch * shape.length) { return; }
  let n = index / shape.length;
  var within = index % shape.length;
  var level = 0u;
  var size = level_size(0u);
  while (within >= shape.planes * size.x * size.y) {
    within -= shape.planes * size.x * size.y;
    level++;
    size = level_size(level);
  }
  let plane = (n * shape.planes + within / (size.x * size.y)) * shape.height * shape.width;
  let p = within / size.y % size.x;
  let q = within % size.y;
  let tall = reached(p, size.x, shape.height);
  let wide = reached(q, size.y, shape.width);
  var sum = 0.0;
  for (var i = tall.x; i <= tall.y; i++) {
    let vertical = max(0.0, 1.0 - abs(source(i, size.x, shape.height) - f32(p)));
    for (var j = wide.x; j <= wide.y; j++) {
      let horizontal = max(0.0, 1.0 - abs(source(j, size.y, shape.width) - f32(q)));
      sum += vertical * horizontal * input[plane + i * shape.width + j];
    }
  }
  output[index] = sum;
}
