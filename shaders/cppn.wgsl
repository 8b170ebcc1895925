// One layer of a compositional pattern-producing network: the same small dense layer at every pixel.
//
//   z′[k,p] = b[k] + Σ_f W[k,f]·a_f(z[·,p])
//   a_f of I inputs: atan(z[f])/0.67 for f < I, atan(z[f−I])²/0.6 for I ≤ f < 2I  (Lucid's composite activation),
//   or, for the first layer, z itself
//   dz = Σ_f W[k,f]·a_f′(z)·dz′[k]        dW[k,f] = Σ_p dz′[k,p]·a_f(z[·,p])        db[k] = Σ_p dz′[k,p]
//
// z is (N,I,area) (the first layer: coordinates, (I,area), the same for all images), z′ (N,O,area); I, O ≤ 32.
// The weights of image n begin at n·length + first: W (O,F), then b (O). dW is added up in a fixed order.
#import lib/index

const MOST = 32u;

struct Layer {
  batch: u32,
  area: u32,
  inputs: u32,
  outputs: u32,
  composite: u32,  // 0: the first layer
  first: u32,
  length: u32,
}

@group(0) @binding(0) var<uniform> layer: Layer;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> input: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;
@group(0) @binding(4) var<storage, read> outputGradient: array<f32>;
@group(0) @binding(5) var<storage, read_write> inputGradient: array<f32>;
@group(0) @binding(6) var<storage, read_write> weightsGradient: array<f32>;

fn features() -> u32 { return select(layer.inputs, 2u * layer.inputs, layer.composite == 1u); }

fn input_at(n: u32, i: u32, p: u32) -> f32 {
  return input[(select(0u, n, layer.composite == 1u) * layer.inputs + i) * layer.area + p];
}

fn feature(n: u32, f: u32, p: u32) -> f32 {
  if (layer.composite == 0u) { return input_at(n, f, p); }
  let t = atan(input_at(n, f % layer.inputs, p));
  return select(t * t / 0.6, t / 0.67, f < layer.inputs);
}

@compute @workgroup_size(64)
fn cppn_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= layer.batch * layer.area) { return; }
  let n = index / layer.area;
  let p = index % layer.area;
  let count = features();
  var values: array<f32, 2u * MOST>;
  for (var f = 0u; f < count; f++) { values[f] = feature(n, f, p); }
  let base = n * layer.length + layer.first;
  for (var k = 0u; k < layer.outputs; k++) {
    var sum = weights[base + layer.outputs * count + k];
    for (var f = 0u; f < count; f++) { sum = fma(weights[base + k * count + f], values[f], sum); }
    output[(n * layer.outputs + k) * layer.area + p] = sum;
  }
}

// dz′, `outputGradient`, to dz, `inputGradient`; not for the first layer.
@compute @workgroup_size(64)
fn cppn_backward_input(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= layer.batch * layer.area) { return; }
  let n = index / layer.area;
  let p = index % layer.area;
  let base = n * layer.length + layer.first;
  var gradients: array<f32, MOST>;
  for (var k = 0u; k < layer.outputs; k++) {
    gradients[k] = outputGradient[(n * layer.outputs + k) * layer.area + p];
  }
  for (var i = 0u; i < layer.inputs; i++) {
    var linear = 0.0;
    var square = 0.0;
    for (var k = 0u; k < layer.outputs; k++) {
      let row = base + k * 2u * layer.inputs + i;
      linear = fma(weights[row], gradients[k], linear);
      square = fma(weights[row + layer.inputs], gradients[k], square);
    }
    let z = input_at(n, i, p);
    let slope = linear / 0.67 + 2.0 * atan(z) * square / 0.6;
    inputGradient[(n * layer.inputs + i) * layer.area + p] = slope / (1.0 + z * z);
  }
}

// Sums of each of a workgroup's invocations, an output after the other.
var<workgroup> partials: array<f32, 64u * MOST>;

// A workgroup makes dW of one feature (the one after the last is the bias) for every output of image group.y.
@compute @workgroup_size(64)
fn cppn_backward_weights(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let n = group.y;
  let f = group.x;
  let count = features();
  var products: array<f32, MOST>;
  for (var p = local; p < layer.area; p += 64u) {
    var value = 1.0;
    if (f < count) { value = feature(n, f, p); }
    for (var k = 0u; k < layer.outputs; k++) {
      let gradient = outputGradient[(n * layer.outputs + k) * layer.area + p];
      products[k] = fma(value, gradient, products[k]);
    }
  }
  for (var k = 0u; k < layer.outputs; k++) { partials[k * 64u + local] = products[k]; }
  workgroupBarrier();
  if (local >= layer.outputs) { return; }
  var sum = 0.0;
  for (var i = 0u; i < 64u; i++) { sum += partials[local * 64u + i]; }
  let base = n * layer.length + layer.first;
  weightsGradient[select(base + local * count + f, base + layer.outputs * count + local, f == count)] = sum;
}
