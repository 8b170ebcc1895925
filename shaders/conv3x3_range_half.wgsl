// The largest magnitude in an array, in 64 parts; the largest of them is the array's.
//
//   range[g] = max |values[i]| over ⌊i/256⌋ mod 64 = g
//
// It is kept as the bits of a float. Those of magnitudes are in the order of the floats, with infinity and NaN on top.
struct Extent {
  length: u32,
}

@group(0) @binding(0) var<uniform> extent: Extent;
@group(0) @binding(1) var<storage, read> values: array<u32>;
@group(0) @binding(2) var<storage, read_write> range: array<u32>;

var<workgroup> largest: atomic<u32>;

@compute @workgroup_size(256)
fn conv3x3_range_half(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  var most = 0u;
  for (var i = group.x * 256u + local; i < extent.length; i += 64u * 256u) {
    most = max(most, values[i] & 0x7fffffffu);
  }
  atomicMax(&largest, most);
  workgroupBarrier();
  if (local == 0u) { range[group.x] = atomicLoad(&largest); }
}
