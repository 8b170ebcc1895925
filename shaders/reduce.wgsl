// Sums that are the same every time: 64 partial sums an image, then their total.
//
//   partials[slot,n,g] = scale · Σ x[n,i]   (or x², or |x|) over the i of workgroup g in [offset, offset+count)
//   totals[n]          = Σ_g partials[firstSlot…firstSlot+slots−1,n,g]
//
// A workgroup makes one partial sum. Where there is little to sum there are fewer workgroups, and the other partial
// sums are 0. One invocation an image adds them up in order. There are no floating-point atomics, so the same input
// gives the same bits.
#import lib/state
#import lib/tree_sum

struct Range {
  batch: u32,
  stride: u32,  // elements from one image to the next
  offset: u32,
  count: u32,
  slot: u32,
  what: u32,    // is summed: 0 for x
  scale: f32,
  groups: u32,  // workgroups that sum an image's part
}

const SQUARES = 1u;
const ABSOLUTE = 2u;

struct Total {
  batch: u32,
  firstSlot: u32,
  slots: u32,
  ring: u32,  // iterations the output holds; entry step mod ring is written
}

@group(0) @binding(0) var<uniform> range: Range;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;

@group(0) @binding(3) var<uniform> total: Total;
@group(0) @binding(4) var<storage, read> state: State;
@group(0) @binding(5) var<storage, read> finished: array<f32>;
@group(0) @binding(6) var<storage, read_write> totals: array<f32>;

@compute @workgroup_size(64)
fn reduce_partials(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  let first = group.y * range.stride + range.offset;
  for (var i = group.x * 64u + local; i < range.count; i += 64u * range.groups) {
    let x = input[first + i];
    var factor = 1.0;
    if (range.what == SQUARES) { factor = x; }
    if (range.what == ABSOLUTE) { factor = sign(x); }
    sum = fma(x, factor, sum);
  }
  tree_sum(local, sum);
  let slot = (range.slot * range.batch + group.y) * 64u;
  if (local == 0u) { partials[slot + group.x] = range.scale * sums[0]; }
  if (group.x == 0u && local >= range.groups) { partials[slot + local] = 0.0; }
}

@compute @workgroup_size(64)
fn reduce_total(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  if (n >= total.batch) { return; }
  var sum = 0.0;
  for (var slot = total.firstSlot; slot < total.firstSlot + total.slots; slot++) {
    for (var g = 0u; g < 64u; g++) { sum += finished[(slot * total.batch + n) * 64u + g]; }
  }
  totals[state.step % total.ring * total.batch + n] = sum;
}
