// Adds one value of each of a workgroup's 64 invocations, always in the same order. The sum is in
// `sums[0]` for invocation 0 afterwards. Call it once an invocation, in uniform control flow.
var<workgroup> sums: array<f32, 64>;

fn tree_sum(local: u32, value: f32) {
  sums[local] = value;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { sums[local] += sums[local + half]; }
  }
}
