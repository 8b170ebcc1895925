// Powers of two that bring numbers up to a measured magnitude (conv3x3_range_half.wgsl) below 2⁶ and back, so
// that three products of two such numbers stay below 65,504, the largest half (as nine would).

// Biased exponent e of a magnitude below 2^(e−126), kept where the scale and its inverse are normal floats.
fn exponent_of(range: u32) -> u32 {
  return clamp(range >> 23u, 6u, 254u);
}

// 2^(132−e)
fn half_scale(range: u32) -> f32 {
  return bitcast<f32>((259u - exponent_of(range)) << 23u);
}

// 2^(e−132) of two such numbers as factors that are alike: a product by both is not out of float32's range halfway
// unless it is in the end.
fn inverse_half_scales(one: u32, other: u32) -> vec2f {
  let sum = exponent_of(one) + exponent_of(other);
  let first = sum / 2u;
  return vec2f(bitcast<f32>((first - 5u) << 23u), bitcast<f32>((sum - first - 5u) << 23u));
}
