// Random scale and rotation about the centre by bilinear interpolation, anew each iteration; size unchanged.
//
//   y[n,c,q] = Σ_p w(p,q)·x[n,c,p]        dx[n,c,p] = Σ_q w(p,q)·dy[n,c,q]
//   w(p,q) = max(0, 1 − |s(q)−p|₁)·max(0, 1 − |s(q)−p|₂),   s(q) = centre + R(θ)·(q − centre)/scale
//
// x, y are (N,C,H,W); pixels outside are fill[c]. scale is one of `scales` values evenly over 1 ± scaleRange;
// θ one of `angles` values evenly over ± angleRange, or 0 in `level` further cases. The backward
// pass gathers (lib/gather.wgsl).
// Random numbers: counter (seed + n, step, op, 0).
#import lib/angle
#import lib/bilinear
#import lib/colours
#import lib/gather
#import lib/index
#import lib/random
#import lib/state

struct Resample {
  batch: u32,
  height: u32,
  width: u32,
  scales: u32,
  angles: u32,
  level: u32,
  scaleRange: f32,
  angleRange: f32,  // radians
  seed: u32,
  op: u32,
  fill: vec4f,
}

@group(0) @binding(0) var<uniform> shape: Resample;
@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(2) var<storage, read> input: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

// What `source` takes, for lib/gather.
alias Taken = Motion;

struct Motion {
  turn: vec2f,  // sin θ, cos θ
  scale: f32,
}

// Value k of `count` evenly from −1 to 1.
fn spread(k: u32, count: u32) -> f32 {
  if (count < 2u) { return 0.0; }
  return f32(2i * i32(k) - i32(count - 1u)) / f32(count - 1u);
}

fn motion(n: u32) -> Motion {
  let bits = random_bits(shape.seed + n, state.step, shape.op, 0u);
  let draw = bits.y % (shape.angles + shape.level);
  let angle = select(0.0, shape.angleRange * spread(draw, shape.angles), draw < shape.angles);
  let scale = 1.0 + shape.scaleRange * spread(bits.x % shape.scales, shape.scales);
  return Motion(sin_cos(angle), scale);
}

fn centre() -> vec2f {
  return 0.5 * vec2f(f32(shape.height) - 1.0, f32(shape.width) - 1.0);
}

// Where output pixel q, (row, column), takes its value from.
fn source(q: vec2f, moved: Motion) -> vec2f {
  let d = (q - centre()) / moved.scale;
  return centre() + vec2f(moved.turn.y * d.x - moved.turn.x * d.y, moved.turn.x * d.x + moved.turn.y * d.y);
}

fn value_at(plane: u32, p: vec2i) -> f32 {
  if (any(p < vec2i(0)) || any(p >= vec2i(vec2u(shape.height, shape.width)))) { return shape.fill[plane % COLOURS]; }
  return input[(plane * shape.height + u32(p.x)) * shape.width + u32(p.y)];
}

@compute @workgroup_size(64)
fn resample_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let area = shape.height * shape.width;
  if (index >= shape.batch * COLOURS * area) { return; }
  let plane = index / area;
  let q = vec2f(f32(index % area / shape.width), f32(index % shape.width));
  let at = source(q, motion(plane / COLOURS));
  let first = floor(at);
  let part = at - first;
  let p = vec2i(first);
  let upper = vec2f(value_at(plane, p), value_at(plane, p + vec2i(0, 1)));
  let lower = vec2f(value_at(plane, p + vec2i(1, 0)), value_at(plane, p + vec2i(1, 1)));
  output[index] = between(vec4f(upper, lower), part);
}

// From dy, `input`, to dx, `output`: the output pixels near where p went to.
@compute @workgroup_size(64)
fn resample_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let area = shape.height * shape.width;
  if (index >= shape.batch * COLOURS * area) { return; }
  let plane = index / area;
  let moved = motion(plane / COLOURS);
  let p = vec2f(f32(index % area / shape.width), f32(index % shape.width));
  let d = (p - centre()) * moved.scale;
  let went = centre() + vec2f(moved.turn.y * d.x + moved.turn.x * d.y, moved.turn.y * d.y - moved.turn.x * d.x);
  // |s(q) − p| < 1 along both axes holds within √2·scale of there; the rest is room for rounding.
  let reach = vec2f(1.4143 * moved.scale + 0.01);
  let first = max(ceil(went - reach), vec2f(0.0));
  let last = min(floor(went + reach), vec2f(f32(shape.height), f32(shape.width)) - 1.0);
  output[index] = gather(plane * area, shape.width, p, first, last, moved);
}
