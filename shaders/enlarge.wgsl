// The resident image from a coarser one, by bilinear interpolation between pixel centres, edges repeated.
//
//   y[n,c,q] = Σ_p w(p,q)·x[n,c,p],   s(q) = (q + ½)·(h,w)/(H,W) − ½, clamped to 0 … (h,w) − 1
//
// x is (N,C,h,w), y is (N,C,H,W). PyTorch's interpolate(mode="bilinear", align_corners=False).
#import lib/bilinear
#import lib/index

struct Enlarge {
  planes: u32,
  fromHeight: u32,
  fromWidth: u32,
  height: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> shape: Enlarge;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(64)
fn enlarge(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let area = shape.height * shape.width;
  if (index >= shape.planes * area) { return; }
  let plane = index / area;
  let q = vec2f(f32(index % area / shape.width), f32(index % shape.width));
  let coarse = vec2u(shape.fromHeight, shape.fromWidth);
  let ratio = vec2f(coarse) / vec2f(f32(shape.height), f32(shape.width));
  let at = clamp((q + 0.5) * ratio - 0.5, vec2f(0.0), vec2f(coarse - 1u));
  output[index] = bilinear(plane * coarse.x * coarse.y, coarse, at);
}
