// MACO: only the phase of a spectrum is optimised; its magnitude is the scale of the transform (fourier.wgsl).
//
//   s = (cos θ, sin θ)        dθ = cos θ · ds.imaginary − sin θ · ds.real
//
// θ are `length` numbers in all, s as many complex ones.
#import lib/angle
#import lib/index

struct Phase {
  length: u32,
}

@group(0) @binding(0) var<uniform> shape: Phase;
@group(0) @binding(1) var<storage, read> phase: array<f32>;
@group(0) @binding(2) var<storage, read_write> spectrum: array<vec2f>;
@group(0) @binding(3) var<storage, read> spectrumGradient: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> phaseGradient: array<f32>;

@compute @workgroup_size(64)
fn phase_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.length) { return; }
  spectrum[index] = sin_cos(phase[index]).yx;
}

@compute @workgroup_size(64)
fn phase_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= shape.length) { return; }
  let turn = sin_cos(phase[index]);
  let gradient = spectrumGradient[index];
  phaseGradient[index] = turn.y * gradient.y - turn.x * gradient.x;
}
