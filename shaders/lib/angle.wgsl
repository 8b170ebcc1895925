// (sin a, cos a) to float32 precision on every device: WGSL's own need only come within 2⁻¹¹. The angle is reduced to
// |r| ≤ π/4 by multiples of π/2 in two parts (Cody and Waite 1980); then Taylor's series is used. A driver that adds
// the two parts up errs by one rounding of the angle, no more.
fn sin_cos(a: f32) -> vec2f {
  let k = round(a * 0.63661977);
  let r = fma(k, -4.838267949e-4, fma(k, -1.5703125, a));
  let q = r * r;
  let s = r * fma(q, fma(q, fma(q, fma(q, 2.7557319e-6, -1.9841270e-4), 8.3333333e-3), -0.16666667), 1.0);
  let c = fma(q, fma(q, fma(q, fma(q, fma(q, -2.7557319e-7, 2.4801587e-5), -1.3888889e-3), 4.1666667e-2), -0.5), 1.0);
  let quadrant = i32(k) & 3;
  let turned = select(vec2f(s, c), vec2f(c, -s), (quadrant & 1) == 1);
  return select(turned, -turned, quadrant >= 2);
}
