// Real inverse discrete Fourier transform in two separable passes, and their adjoints; any height and width.
//
//   z[y,k] = 1/H · Σ_l scale[l,k]·s[l,k]·e^(2πi·l·y/H)                                (columns)
//   x[y,j] = 1/W · Σ_k c[k]·Re(z[y,k]·e^(2πi·k·j/W)),  k = 0 … ⌊W/2⌋                   (rows)
//   c[k] = 1 for k = 0 and k = W/2, else 2
//
// This is numpy.fft.irfft2. s, z are (planes,H,⌊W/2⌋+1) complex, x is (planes,H,W). `scale` is of every frequency,
// one for all planes or (`scalePlanes` = 3) one a colour. `columns` and `rows` hold (cos, sin)(2π·m/H) and
// (2π·m/W), made in float64: no angle is computed here.
#import lib/index

struct Shape {
  planes: u32,
  height: u32,
  width: u32,
  scalePlanes: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read> columns: array<vec2f>;
@group(0) @binding(3) var<storage, read> rows: array<vec2f>;
@group(0) @binding(4) var<storage, read> spectrum: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> output: array<vec2f>;
@group(0) @binding(6) var<storage, read> input: array<f32>;
@group(0) @binding(7) var<storage, read_write> image: array<f32>;

fn frequencies() -> u32 { return shape.width / 2u + 1u; }

// How often frequency k counts in the real transform.
fn count(k: u32) -> f32 { return select(2.0, 1.0, k == 0u || 2u * k == shape.width); }

fn scale_at(plane: u32, within: u32) -> f32 {
  return scale[plane % shape.scalePlanes * shape.height * frequencies() + within];
}

// s, `spectrum`, to z, `output`.
@compute @workgroup_size(64)
fn fourier_columns_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let bins = frequencies();
  let area = shape.height * bins;
  if (index >= shape.planes * area) { return; }
  let plane = index / area;
  let y = index % area / bins;
  let k = index % bins;
  var sum = vec2f(0.0);
  var turn = 0u;  // l·y mod H
  for (var l = 0u; l < shape.height; l++) {
    let s = scale_at(plane, l * bins + k) * spectrum[plane * area + l * bins + k];
    let t = columns[turn];
    sum += vec2f(s.x * t.x - s.y * t.y, s.x * t.y + s.y * t.x);
    turn += y;
    if (turn >= shape.height) { turn -= shape.height; }
  }
  output[index] = sum / f32(shape.height);
}

// dz, `spectrum`, to ds, `output`.
@compute @workgroup_size(64)
fn fourier_columns_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let bins = frequencies();
  let area = shape.height * bins;
  if (index >= shape.planes * area) { return; }
  let plane = index / area;
  let l = index % area / bins;
  let k = index % bins;
  var sum = vec2f(0.0);
  var turn = 0u;
  for (var y = 0u; y < shape.height; y++) {
    let z = spectrum[plane * area + y * bins + k];
    let t = columns[turn];
    sum += vec2f(z.x * t.x + z.y * t.y, z.y * t.x - z.x * t.y);
    turn += l;
    if (turn >= shape.height) { turn -= shape.height; }
  }
  output[index] = sum * (scale_at(plane, index % area) / f32(shape.height));
}

// z, `spectrum`, to x, `image`.
@compute @workgroup_size(64)
fn fourier_rows_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.planes * shape.height * shape.width) { return; }
  let bins = frequencies();
  let line = index / shape.width * bins;
  let j = index % shape.width;
  var sum = 0.0;
  var turn = 0u;  // k·j mod W
  for (var k = 0u; k < bins; k++) {
    let z = spectrum[line + k];
    let t = rows[turn];
    sum += count(k) * (z.x * t.x - z.y * t.y);
    turn += j;
    if (turn >= shape.width) { turn -= shape.width; }
  }
  image[index] = sum / f32(shape.width);
}

// dx, `input`, to dz, `output`.
@compute @workgroup_size(64)
fn fourier_rows_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let bins = frequencies();
  if (index >= shape.planes * shape.height * bins) { return; }
  let line = index / bins * shape.width;
  let k = index % bins;
  var sum = vec2f(0.0);
  var turn = 0u;
  for (var j = 0u; j < shape.width; j++) {
    let t = rows[turn];
    sum += input[line + j] * vec2f(t.x, -t.y);
    turn += k;
    if (turn >= shape.width) { turn -= shape.width; }
  }
  output[index] = sum * (count(k) / f32(shape.width));
}
