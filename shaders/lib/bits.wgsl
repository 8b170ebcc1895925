// One bit a unit, "x > 0", in words of 4 channels × 8 pixels of a row:
// word (n, c/4, y, x/8), bit 8·(c mod 4) + x mod 8.
fn word_index(n: u32, c: u32, y: u32, x: u32, channels: u32, height: u32, width: u32) -> u32 {
  return ((n * ((channels + 3u) / 4u) + c / 4u) * height + y) * ((width + 7u) / 8u) + x / 8u;
}

// A bit for each of 4 channels, at pixel 0 of a word.
fn channel_bits(on: vec4<bool>) -> u32 {
  let ones = select(vec4u(0u), vec4u(1u, 0x100u, 0x10000u, 0x1000000u), on);
  return ones.x | ones.y | ones.z | ones.w;
}

// The bits of 4 channels at pixel i of a word.
fn positive_bits(v: vec4f, i: u32) -> u32 {
  return channel_bits(v > vec4f(0.0)) << i;
}

// 4 channels at pixel i of a word, zero where the bit is not set.
fn masked(v: vec4f, word: u32, i: u32) -> vec4f {
  let on = (vec4u(word) & (vec4u(1u, 0x100u, 0x10000u, 0x1000000u) << vec4u(i))) != vec4u(0u);
  return select(vec4f(0.0), v, on);
}

// The bits of a window of 2×2 pixels of one channel: its upper row's and its lower row's, from bit 0 on.
fn window_bits(window: vec4f) -> vec2u {
  let ones = select(vec4u(0u), vec4u(1u, 2u, 1u, 2u), window > vec4f(0.0));
  return vec2u(ones.x | ones.y, ones.z | ones.w);
}

// The window, zero where the bits of its two rows are not set.
fn masked_window(window: vec4f, rows: vec2u) -> vec4f {
  return select(vec4f(0.0), window, (rows.xxyy & vec4u(1u, 2u, 1u, 2u)) != vec4u(0u));
}
