// The way back of an interpolation between four pixels. Each pixel gathers from where it went, so there are no atomics,
// and the bits are the same every time.
//
//   dx[p] = Σ_q w(p,q)·dy[q],   w(p,q) = max(0, 1 − |source(q)−p|₁)·max(0, 1 − |source(q)−p|₂)
//
// The file that imports this says what `source` is and what it takes. dy is `input` from element `plane` on, in rows of
// `width`. q are the pixels from `first` to `last`, (row, column); all that have a weight must be among them.
fn gather(plane: u32, width: u32, p: vec2f, first: vec2f, last: vec2f, taken: Taken) -> f32 {
  var sum = 0.0;
  for (var i = first.x; i <= last.x; i += 1.0) {
    for (var j = first.y; j <= last.y; j += 1.0) {
      let weight = max(vec2f(0.0), 1.0 - abs(source(vec2f(i, j), taken) - p));
      sum += weight.x * weight.y * input[plane + u32(i) * width + u32(j)];
    }
  }
  return sum;
}
