// Clipping of small pixels: in each image the lowest percentile of the pixels is set to zero, by norm or by
// contribution to the objective (Yosinski et al. 2015, "Understanding Neural Networks Through Deep Visualization",
// section 3.2).
//
//   norm          m[n,p] = Σ_c u[n,c,p]²
//   contribution  m[n,p] = |Σ_c u[n,c,p]·g[n,c,p]|
//   t[n]          = the k-th smallest of m[n,·], counted from 0; k = ⌈place⌉, place = percent/100·(area − 1)
//   u[n,·,p]      = 0 where m[n,p] < t[n]
//
// u is (N,C,area), of one colour or three, g is the gradient of the objective there.
//
// This is m < numpy.percentile(m, percent). Between two ranks NumPy interpolates, and what lies below the interpolated
// value lies below the upper rank. The k-th smallest is found by counting, eight bits at a time from the highest. That
// works because floats that are not negative are in the order of their bits.
#import lib/colours
#import lib/index

struct Clip {
  batch: u32,
  area: u32,
  place: f32,
}

@group(0) @binding(0) var<uniform> clip: Clip;
@group(0) @binding(1) var<storage, read> image: array<f32>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> measure: array<f32>;
@group(0) @binding(4) var<storage, read> measured: array<f32>;
@group(0) @binding(5) var<storage, read_write> threshold: array<f32>;
@group(0) @binding(6) var<storage, read> thresholds: array<f32>;
@group(0) @binding(7) var<storage, read_write> clipped: array<f32>;

// Element of the first colour of pixel `index` among all pixels of all images.
fn first(index: u32) -> u32 { return index / clip.area * COLOURS * clip.area + index % clip.area; }

fn colours(at: u32) -> vec3f {
  if (COLOURS == 1u) { return vec3f(image[at], 0.0, 0.0); }
  return vec3f(image[at], image[at + clip.area], image[at + 2u * clip.area]);
}

@compute @workgroup_size(64)
fn clip_norm(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= clip.batch * clip.area) { return; }
  let u = colours(first(index));
  measure[index] = dot(u, u);
}

@compute @workgroup_size(64)
fn clip_contribution(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= clip.batch * clip.area) { return; }
  let at = first(index);
  let u = colours(at);
  var g = vec3f(gradient[at], 0.0, 0.0);
  if (COLOURS == 3u) { g = vec3f(g.x, gradient[at + clip.area], gradient[at + 2u * clip.area]); }
  measure[index] = abs(dot(u, g));
}

var<workgroup> counts: array<atomic<u32>, 256>;
var<workgroup> prefix: u32;  // highest bits of the k-th smallest
var<workgroup> rank: u32;    // of it among those that begin so

// A workgroup an image.
@compute @workgroup_size(256)
fn clip_select(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  if (local == 0u) {
    prefix = 0u;
    rank = u32(ceil(clip.place));
  }
  for (var digit = 0u; digit < 4u; digit++) {
    let shift = 24u - 8u * digit;
    atomicStore(&counts[local], 0u);
    workgroupBarrier();
    for (var i = local; i < clip.area; i += 256u) {
      let key = bitcast<u32>(measured[group.x * clip.area + i]) >> shift;
      if ((key >> 8u) == prefix) { atomicAdd(&counts[key & 255u], 1u); }
    }
    workgroupBarrier();
    if (local == 0u) {
      var value = 0u;
      var below = atomicLoad(&counts[0]);
      while (value < 255u && rank >= below) {
        value++;
        below += atomicLoad(&counts[value]);
      }
      rank -= below - atomicLoad(&counts[value]);
      prefix = (prefix << 8u) | value;
    }
    workgroupBarrier();
  }
  if (local == 0u) { threshold[group.x] = bitcast<f32>(prefix); }
}

@compute @workgroup_size(64)
fn clip_small(invocation: Invocation) {
  let index = linear_index(invocation, 64u);
  if (index >= clip.batch * clip.area) { return; }
  if (measured[index] >= thresholds[index / clip.area]) { return; }
  let at = first(index);
  for (var c = 0u; c < COLOURS; c++) { clipped[at + c * clip.area] = 0.0; }
}
