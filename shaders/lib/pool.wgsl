// Windows of 2×2 pixels and which of the four is the maximum: 0 top left, 1 top right, 2 bottom left, 3 bottom
// right; the first in this order wins a tie. Winners are kept in words of 4 channels × 4 pooled pixels of a row:
// word (n, c/4, i, j/4), bits 8·(c mod 4) + 2·(j mod 4), so that the bits of a ReLU before the pool
// (lib/bits.wgsl) for the same units are two words, one above the other. Beyond the pooled map they may hold anything.
struct Largest {
  value: f32,
  which: u32,
}

fn largest(window: vec4f) -> Largest {
  let right = window.yw > window.xz;
  let rows = select(window.xz, window.yw, right);
  let lower = rows.y > rows.x;
  return Largest(select(rows.x, rows.y, lower), select(u32(right.x), 2u + u32(right.y), lower));
}

// `height` and `width` of the pooled map.
fn winners_index(n: u32, c: u32, i: u32, j: u32, channels: u32, height: u32, width: u32) -> u32 {
  return ((n * ((channels + 3u) / 4u) + c / 4u) * height + i) * ((width + 3u) / 4u) + j / 4u;
}
