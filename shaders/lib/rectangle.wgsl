// A rectangle of a layer's positions: rows of `columns` positions, `count` in all. The first position is `first`, and
// `width` positions lie between the beginnings of two rows.
struct Rectangle {
  width: u32,
  first: u32,
  columns: u32,
  count: u32,
}

// The layer's position that is the rectangle's k-th.
fn position_in(rectangle: Rectangle, k: u32) -> u32 {
  return rectangle.first + k / rectangle.columns * rectangle.width + k % rectangle.columns;
}

// Whether a position of the layer lies in it; what is above it or left of it wraps around to large numbers.
fn is_within(rectangle: Rectangle, position: u32) -> bool {
  let row = position / rectangle.width - rectangle.first / rectangle.width;
  let column = position % rectangle.width - rectangle.first % rectangle.width;
  return row < rectangle.count / rectangle.columns && column < rectangle.columns;
}
