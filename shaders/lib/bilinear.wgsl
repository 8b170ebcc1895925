// A value of the storage buffer `input` between the centres of four pixels; beyond the last pixel that is repeated.
// `plane`: element at which a plane of `extent`, (height, width), begins. `at`: (row, column) within it.
fn bilinear(plane: u32, extent: vec2u, at: vec2f) -> f32 {
  let near = vec2u(at);
  let far = min(near + 1u, extent - 1u);
  let part = at - vec2f(near);
  let above = plane + near.x * extent.y;
  let below = plane + far.x * extent.y;
  let upper = mix(input[above + near.y], input[above + far.y], part.y);
  let lower = mix(input[below + near.y], input[below + far.y], part.y);
  return mix(upper, lower, part.x);
}
