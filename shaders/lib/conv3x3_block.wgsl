// What the tiled convolutions in workgroup memory share. A workgroup makes 4·QUADS channels × ROWS rows × 8 pixels, an
// invocation 4 channels × 8 pixels of a row. The file that imports this sets QUADS and ROWS; ROWS is even.
#import lib/conv3x3_shape
#import lib/conv3x3_tile

// Invocations of a row stand by quad; the row tiles of an image follow each other along x.
fn place(group: vec3u, local: u32) -> Place {
  let columns = (shape.outputWidth + 7u) / 8u;
  let groups = (shape.outputChannels + 4u * QUADS - 1u) / (4u * QUADS);
  let y = group.x / columns * ROWS + local % ROWS;
  let k = (group.y % groups * QUADS + local / ROWS) * 4u;
  return Place(group.y / groups, k, y, group.x % columns * 8u, y < shape.outputHeight);
}

// Lower rows of windows, on the way to the invocation that has the upper one: by pixel, quad, pair of rows.
var<workgroup> below: array<vec4f, 8 * QUADS * (ROWS / 2)>;

// The max-pool of the ReLU of a workgroup's quads. Call it once an invocation, in uniform control flow.
fn store_relu_pool(at: Place, local: u32, quad: Quad) {
  let pairs = QUADS * (ROWS / 2u);
  let pair = local / 2u;
  if (local % 2u == 1u) {
    below[pair] = quad[0];
    below[pairs + pair] = quad[1];
    below[2u * pairs + pair] = quad[2];
    below[3u * pairs + pair] = quad[3];
    below[4u * pairs + pair] = quad[4];
    below[5u * pairs + pair] = quad[5];
    below[6u * pairs + pair] = quad[6];
    below[7u * pairs + pair] = quad[7];
  }
  workgroupBarrier();
  if (local % 2u == 1u) { return; }
  let lower = Quad(
    below[pair],
    below[pairs + pair],
    below[2u * pairs + pair],
    below[3u * pairs + pair],
    below[4u * pairs + pair],
    below[5u * pairs + pair],
    below[6u * pairs + pair],
    below[7u * pairs + pair],
  );
  store_pooled(at, at.k, with_row(with_row(Pooled(), 0u, quad), 1u, lower));
}
