// Clears the redirect flags at the start of an iteration (relu.wgsl sets them).

@group(0) @binding(0) var<storage, read_write> alive: array<u32>;

@compute @workgroup_size(64)
fn clear_flags(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&alive)) { alive[id.x] = 0u; }
}
