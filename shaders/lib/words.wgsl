// A word of bits of ReLUs: 4 channels × 8 pixels of a row (layout: lib/bits.wgsl). One invocation handles one. Who imports
// this has a uniform `shape` with batch, channels, height and width.
struct Word {
  n: u32,
  c: u32,
  y: u32,
  x: u32,
  inside: bool,
}

fn word_of(index: u32) -> Word {
  let columns = (shape.width + 7u) / 8u;
  let quads = (shape.channels + 3u) / 4u;
  let n = index / columns / shape.height / quads;
  return Word(n, index / columns / shape.height % quads * 4u, index / columns % shape.height,
    index % columns * 8u, n < shape.batch);
}

fn element(at: Word, c: u32, i: u32) -> u32 {
  return ((at.n * shape.channels + at.c + c) * shape.height + at.y) * shape.width + at.x + i;
}

fn columns_inside(at: Word) -> u32 { return min(8u, shape.width - at.x); }
fn channels_inside(at: Word) -> u32 { return min(4u, shape.channels - at.c); }
