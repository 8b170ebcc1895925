// Powers of two that bring numbers up to a measured magnitude (conv3x3_range_half.wgsl) below 2⁶ and back, so
// that nine products of two such numbers stay below 65,504, the largest half.

// Biased exponent e of a magnitude below 2^(e−126), kept where the scale and its inverse are normal floats.
fn exponent_of(range: u32) -> u32 {
  return clamp(range >> 23u, 6u, 254u);
}

// 2^(132−e)
fn half_scale(range: u32) -> f32 {
  return bitcast<f32>((259u - exponent_of(range)) << 23u);
}

// 2^(e−132)
fn inverse_half_scale(range: u32) -> f32 {
  return bitcast<f32>((exponent_of(range) - 5u) << 23u);
}
