// From decorrelated colours x, (N,C,area), to the resident image u = colours − mean, and the gradient back.
//
//   u[c] = σ(Σ_k M[c,k]·x[k]) − mean[c],  σ(t) = 1/(1+e^(−t))
//   dx[k] = Σ_c M[c,k]·σ′[c]·du[c],  σ′ = (u+mean)(1−u−mean)
#import lib/colours
#import lib/index

struct Colour {
  batch: u32,
  area: u32,
  red: vec4f,    // rows of M
  green: vec4f,
  blue: vec4f,
  mean: vec4f,
}

@group(0) @binding(0) var<uniform> colour: Colour;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<storage, read> image: array<f32>;

// Element of the first colour of pixel `index` among all pixels of all images.
fn first(index: u32) -> u32 { return index / colour.area * COLOURS * colour.area + index % colour.area; }

// Three colours from element `at`, or one and two zeros.
fn input_at(at: u32) -> vec3f {
  if (COLOURS == 1u) { return vec3f(input[at], 0.0, 0.0); }
  return vec3f(input[at], input[at + colour.area], input[at + 2u * colour.area]);
}

fn image_at(at: u32) -> vec3f {
  if (COLOURS == 1u) { return vec3f(image[at], 0.0, 0.0); }
  return vec3f(image[at], image[at + colour.area], image[at + 2u * colour.area]);
}

fn store(at: u32, value: vec3f) {
  output[at] = value.x;
  if (COLOURS == 1u) { return; }
  output[at + colour.area] = value.y;
  output[at + 2u * colour.area] = value.z;
}

@compute @workgroup_size(64)
fn colour_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= colour.batch * colour.area) { return; }
  let at = first(index);
  let x = input_at(at);
  let t = vec3f(dot(colour.red.xyz, x), dot(colour.green.xyz, x), dot(colour.blue.xyz, x));
  let u = 1.0 / (1.0 + exp(-t)) - colour.mean.xyz;
  store(at, u);
}

// du, `input`, to dx, `output`, by the image u made of x.
@compute @workgroup_size(64)
fn colour_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= colour.batch * colour.area) { return; }
  let at = first(index);
  let du = input_at(at);
  let rgb = image_at(at) + colour.mean.xyz;
  let dt = rgb * (1.0 - rgb) * du;
  let dx = dt.x * colour.red.xyz + dt.y * colour.green.xyz + dt.z * colour.blue.xyz;
  store(at, dx);
}
