// One ascent step on the numbers optimised x, (N,length), along the gradient g of the objective; norms are per
// image. A zero gradient leaves the image as it is. For pixels x is the resident image, (N,C,H,W) = colours − mean.
//
//   sgd         x + lr·g
//   normalized  x + lr·g/(‖g‖₂ + 1e-8)
//   rms         x + lr·g/(rms(g) + 1e-8)
//   mean        x + lr·g/(mean|g| + 1e-8)   (google/deepdream, 2015)
//   momentum    v = 0.9v + g,  x + lr·v
//   adam        m = 0.9m + 0.1g,  v = 0.999v + 0.001g²,  x + lr·m̂/(√v̂ + 1e-8)   (Kingma and Ba 2015)
//   rmsprop     v = 0.999v + 0.001g²,  x + lr·g/(√v + 1e-8)   (Hinton 2012; 0.999 as in tf-keras-vis)
//   nadam       m, v as adam;  x + lr·((1−μ)·g/(1−P) + μ′·m/(1−P·μ′))/(√v̂ + 1e-8)   (Dozat 2016), with
//               μ = 0.9·(1 − ½·0.96^(0.004·t)) of step t from 1, μ′ that of the next step, P the product of all μ
//
// Afterwards x ← (1 − decay)·x (θ_decay of Yosinski et al. 2015).
#import lib/colours
#import lib/index
#import lib/state

struct Update {
  batch: u32,
  length: u32,  // numbers of one image
  area: u32,    // pixels of one
  lr: f32,
  decay: f32,
  clamp: u32,   // 1: colours are clamped to 0–1; for pixels
  mean: vec4f,
}

@group(0) @binding(0) var<uniform> update: Update;
@group(0) @binding(1) var<storage, read_write> values: array<f32>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read> sums: array<f32>;  // Σ g² of each image, or Σ |g|
@group(0) @binding(4) var<storage, read_write> moment1: array<f32>;
@group(0) @binding(5) var<storage, read_write> moment2: array<f32>;
@group(0) @binding(6) var<storage, read> state: State;
@group(0) @binding(7) var<storage, read_write> next: State;

fn inside(index: u32) -> bool { return index < update.batch * update.length; }
fn image_of(index: u32) -> u32 { return index / update.length; }

fn step_by(index: u32, change: f32) {
  var x = (values[index] + change) * (1.0 - update.decay);
  if (update.clamp == 1u) {
    let mean = update.mean[index / update.area % COLOURS];
    x = clamp(x, -mean, 1.0 - mean);
  }
  values[index] = x;
}

@compute @workgroup_size(64)
fn update_sgd(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (!inside(index)) { return; }
  step_by(index, update.lr * gradient[index]);
}

@compute @workgroup_size(64)
fn update_normalized(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (!inside(index)) { return; }
  step_by(index, update.lr * gradient[index] / (sqrt(sums[image_of(index)]) + 1e-8));
}

@compute @workgroup_size(64)
fn update_rms(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (!inside(index)) { return; }
  let rms = sqrt(sums[image_of(index)] / f32(update.length));
  step_by(index, update.lr * gradient[index] / (rms + 1e-8));
}

@compute @workgroup_size(64)
fn update_mean(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (!inside(index)) { return; }
  let mean = sums[image_of(index)] / f32(update.length);
  step_by(index, update.lr * gradient[index] / (mean + 1e-8));
}

@compute @workgroup_size(64)
fn update_momentum(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (!inside(index)) { return; }
  let v = fma(0.9, moment1[index], gradient[index]);
  moment1[index] = v;
  step_by(index, update.lr * v);
}

@compute @workgroup_size(64)
fn update_adam(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (!inside(index)) { return; }
  let g = gradient[index];
  let m = 0.9 * moment1[index] + 0.1 * g;
  let v = 0.999 * moment2[index] + 0.001 * g * g;
  moment1[index] = m;
  moment2[index] = v;
  step_by(index, update.lr * (m / state.correction1) / (sqrt(v / state.correction2) + 1e-8));
}

@compute @workgroup_size(64)
fn update_rmsprop(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (!inside(index)) { return; }
  let g = gradient[index];
  let v = 0.999 * moment1[index] + 0.001 * g * g;
  moment1[index] = v;
  step_by(index, update.lr * g / (sqrt(v) + 1e-8));
}

// μ of step t, counted from 1; −1.6328799e-4 is 0.004·ln 0.96.
fn nadam_momentum(t: u32) -> f32 { return 0.9 * (1.0 - 0.5 * exp(-1.6328798e-4 * f32(t))); }

@compute @workgroup_size(64)
fn update_nadam(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (!inside(index)) { return; }
  let g = gradient[index];
  let m = 0.9 * moment1[index] + 0.1 * g;
  let v = 0.999 * moment2[index] + 0.001 * g * g;
  moment1[index] = m;
  moment2[index] = v;
  let now = nadam_momentum(state.step + 1u);
  let then = nadam_momentum(state.step + 2u);
  let direction = (1.0 - now) / (1.0 - state.product) * g + then / (1.0 - state.product * then) * m;
  step_by(index, update.lr * direction / (sqrt(v / state.correction2) + 1e-8));
}

// The end of an iteration: c ← 1 − β(1 − c) turns 1 − β^t into 1 − β^(t+1).
@compute @workgroup_size(1)
fn advance() {
  next.step += 1u;
  next.product *= nadam_momentum(next.step + 1u);
  next.correction1 += 0.1 * (1.0 - next.correction1);
  next.correction2 += 0.001 * (1.0 - next.correction2);
}
