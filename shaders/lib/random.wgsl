// Counter-based random numbers: four 32-bit words of the counter (seed, step, op, index), mixed by pcg4d
// (Jarzynski and Olano 2020, "Hash Functions for GPU Rendering"). The same counter gives the same number
// on every device. Image n of a batch draws by a seed of its own, seed + n: what it would alone.
fn random_bits(seed: u32, step: u32, op: u32, index: u32) -> vec4u {
  var v = vec4u(seed, step, op, index) * 1664525u + 1013904223u;
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  v ^= v >> vec4u(16u);
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  return v;
}

// Uniform over the integers −p … p.
fn random_shift(bits: u32, p: u32) -> i32 {
  return i32(bits % (2u * p + 1u)) - i32(p);
}
