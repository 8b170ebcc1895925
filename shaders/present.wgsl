// Draws the resident images on a canvas: a grid, `columns` wide, a pixel of an image to a pixel of the canvas.
//
//   colour = clamp(u + mean, 0, 1), or clamp((u + mean − m)·gain + ½, 0, 1) standardised
//
// u is colours − mean, (N,C,H,W); one colour is grey. m and gain of each image are those of standardize.wgsl. The
// picture is opaque, and black where there is no image. With an opacity a, (N,1,H,W), it is premultiplied, and empty
// where there is no image.
#import lib/colours

struct Frame {
  height: u32,
  width: u32,
  batch: u32,
  columns: u32,
  mean: vec4f,
  transparent: u32,  // 1: `alpha` holds a
  standardized: u32, // 1: `statistics` holds m and gain
}

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var<storage, read> image: array<f32>;
@group(0) @binding(2) var<storage, read> alpha: array<f32>;
@group(0) @binding(3) var<storage, read> statistics: array<f32>;

// One triangle that covers the canvas.
@vertex
fn present_vertex(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
  return vec4f(f32(index & 1u) * 4.0 - 1.0, f32(index >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

@fragment
fn present_fragment(@builtin(position) position: vec4f) -> @location(0) vec4f {
  let x = u32(position.x);
  let y = u32(position.y);
  let n = y / frame.height * frame.columns + x / frame.width;
  if (n >= frame.batch || x / frame.width >= frame.columns) {
    return vec4f(0.0, 0.0, 0.0, f32(1u - frame.transparent));
  }
  let area = frame.height * frame.width;
  let within = y % frame.height * frame.width + x % frame.width;
  let pixel = n * COLOURS * area + within;
  var rgb = vec3f(image[pixel] + frame.mean.x);
  if (COLOURS == 3u) {
    rgb = vec3f(image[pixel], image[pixel + area], image[pixel + 2u * area]) + frame.mean.xyz;
  }
  if (frame.standardized == 1u) { rgb = (rgb - statistics[2u * n]) * statistics[2u * n + 1u] + 0.5; }
  let a = select(1.0, alpha[n * area + within], frame.transparent == 1u);
  return vec4f(a * clamp(rgb, vec3f(0.0), vec3f(1.0)), a);
}
