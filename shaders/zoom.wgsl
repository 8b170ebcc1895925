// A random box of the image is enlarged to the whole size, anew each iteration. Boxes shrink as the ascent goes on.
//
//   y[n,c,q] = Σ_p b₁(p,q)·b₂(p,q)·x[n,c,p]        dx[n,c,p] = Σ_q b₁(p,q)·b₂(p,q)·dy[n,c,q]
//   b(p,q) = max(0, 1 − |s(q) − p|),  s(q) = corner + (q + ½)·side − ½ within [0, H−1], along rows and columns alike
//   side = 1 − strength·(1 − part),  part from ½ at first to `last` after `iterations`
//
// x, y are (N,C,H,W). The box's centre is about normal around the image's, with a standard deviation of 0.15 of the
// sides (of two uniform numbers each). Then the box is moved inside. The backward pass gathers. Random numbers: counter
// (seed + n, step, op, 0).
#import lib/bilinear
#import lib/colours
#import lib/gather
#import lib/index
#import lib/random
#import lib/state

struct Zoom {
  batch: u32,
  height: u32,
  width: u32,
  iterations: u32,
  last: f32,
  strength: f32,
  seed: u32,
  op: u32,
}

@group(0) @binding(0) var<uniform> shape: Zoom;
@group(0) @binding(1) var<storage, read> state: State;
@group(0) @binding(2) var<storage, read> input: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

// What `source` takes, for lib/gather.
alias Taken = Box;

struct Box {
  corner: vec2f,  // pixels
  side: f32,      // of the image's sides
}

fn size() -> vec2f { return vec2f(f32(shape.height), f32(shape.width)); }

fn box(n: u32) -> Box {
  let gone = min(1.0, f32(state.step) / f32(max(shape.iterations, 2u) - 1u));
  let side = 1.0 - shape.strength * (1.0 - mix(0.5, shape.last, gone));
  let draw = vec4f(random_bits(shape.seed + n, state.step, shape.op, 0u) >> vec4u(8u)) * 0x1p-24;
  // Two uniform numbers add up to a standard deviation of √(1/6).
  let away = 0.36742347 * (draw.xz + draw.yw - 1.0);
  let corner = clamp(0.5 + away - 0.5 * side, vec2f(0.0), vec2f(1.0 - side));
  return Box(corner * size(), side);
}

// Where output pixels q, (row, column), take their value from.
fn source(q: vec2f, chosen: Box) -> vec2f {
  return clamp(chosen.corner + (q + 0.5) * chosen.side - 0.5, vec2f(0.0), size() - 1.0);
}

@compute @workgroup_size(64)
fn zoom_forward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let area = shape.height * shape.width;
  if (index >= shape.batch * COLOURS * area) { return; }
  let plane = index / area * area;
  let at = source(vec2f(f32(index % area / shape.width), f32(index % shape.width)), box(index / area / COLOURS));
  output[index] = bilinear(plane, vec2u(shape.height, shape.width), at);
}

// From dy, `input`, to dx, `output`: the output pixels whose source is near p; at the edges all beyond it too.
@compute @workgroup_size(64)
fn zoom_backward(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  let area = shape.height * shape.width;
  if (index >= shape.batch * COLOURS * area) { return; }
  let plane = index / area * area;
  let chosen = box(index / area / COLOURS);
  let p = vec2f(f32(index % area / shape.width), f32(index % shape.width));
  let end = size() - 1.0;
  // Room of half a pixel for rounding.
  var first = max(vec2f(0.0), floor((p - 0.5 - chosen.corner) / chosen.side - 1.0));
  var last = min(end, ceil((p + 1.5 - chosen.corner) / chosen.side));
  first = select(first, vec2f(0.0), p == vec2f(0.0));
  last = select(last, end, p == end);
  output[index] = gather(plane, shape.width, p, first, last, chosen);
}
