// A value of the storage buffer `input` between the centres of four pixels. Beyond the last pixel, the last is
// repeated. `plane` is the element at which a plane of `extent`, (height, width), begins; `at` is (row, column) within
// it.
fn bilinear(plane: u32, extent: vec2u, at: vec2f) -> f32 {
  let near = vec2u(at);
  let far = min(near + 1u, extent - 1u);
  let part = at - vec2f(near);
  let above = plane + near.x * extent.y;
  let below = plane + far.x * extent.y;
  let four = vec4f(input[above + near.y], input[above + far.y], input[below + near.y], input[below + far.y]);
  return between(four, part);
}

// Of four pixels, row by row, at `part`, (row, column), of the way from the first to the last. Between equal pixels it is
// exactly what they are, as mix() need not be: a max-pool then sees the ties that there are, and no others.
fn between(four: vec4f, part: vec2f) -> f32 {
  let rows = four.xz + (four.yw - four.xz) * part.y;
  return rows.x + (rows.y - rows.x) * part.x;
}
