// A value of the storage buffer `input` between the centres of four pixels; beyond the last pixel that is repeated.
// `plane`: element at which a plane of `extent`, (height, width), begins. `at`: (row, column) within it.
fn bilinear(plane: u32, extent: vec2u, at: vec2f) -> f32 {
  let near = vec2u(at);
  let far = min(near + 1u, extent - 1u);
  let part = at - vec2f(near);
  let above = plane + near.x * extent.y;
  let below = plane + far.x * extent.y;
  let four = vec4f(input[above + near.y], input[above + far.y], input[below + near.y], input[below + far.y]);
  return between(four, part);
}

// Of four pixels, row by row, at `part`, (row, column), of the way from the first to the last.
fn between(four: vec4f, part: vec2f) -> f32 {
  return mix(mix(four.x, four.y, part.y), mix(four.z, four.w, part.y), part.x);
}
