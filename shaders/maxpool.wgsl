// 2×2 max-pool, stride 2; odd sizes floor; the first maximum in row order wins ties.
//
//   y[n,c,i,j]  = max of x[n,c,2i…2i+1,2j…2j+1]
//   dx[n,c,i,j] = dy[n,c,i/2,j/2] where (i,j) was the maximum of its window, else 0
//
// x, dx are (N,C,H,W); y, dy are (N,C,⌊H/2⌋,⌊W/2⌋). Backward needs which of the four won, two bits a pooled
// pixel: word (n, c/2, i, j/8), bits 16·(c mod 2) + 2·(j mod 8).
#import lib/index

struct Shape {
  batch: u32,
  channels: u32,
  height: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<storage, read_write> winners: array<u32>;
@group(0) @binding(4) var<storage, read> chosen: array<u32>;
@group(0) @binding(5) var<storage, read> outputGradient: array<f32>;
@group(0) @binding(6) var<storage, read_write> inputGradient: array<f32>;

@compute @workgroup_size(64)
fn maxpool_forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = linear_index(group, groups, local, 64u);
  let height = shape.height / 2u;
  let width = shape.width / 2u;
  let columns = (width + 7u) / 8u;
  let pairs = (shape.channels + 1u) / 2u;
  let j0 = index % columns * 8u;
  let i = index / columns % height;
  let c0 = index / columns / height % pairs * 2u;
  let n = index / columns / height / pairs;
  if (n >= shape.batch) { return; }
  var word = 0u;
  for (var c = 0u; c < min(2u, shape.channels - c0); c++) {
    let plane = n * shape.channels + c0 + c;
    for (var j = 0u; j < min(8u, width - j0); j++) {
      let base = (plane * shape.height + 2u * i) * shape.width + 2u * (j0 + j);
      var best = input[base];
      var winner = 0u;
      for (var k = 1u; k < 4u; k++) {
        let x = input[base + k / 2u * shape.width + k % 2u];
        if (x > best) {
          best = x;
          winner = k;
        }
      }
      output[(plane * height + i) * width + j0 + j] = best;
      word |= winner << (16u * c + 2u * j);
    }
  }
  winners[index] = word;
}

@compute @workgroup_size(64)
fn maxpool_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = linear_index(group, groups, local, 64u);
  let area = shape.height * shape.width;
  if (index >= shape.batch * shape.channels * area) { return; }
  let x = index % shape.width;
  let y = index / shape.width % shape.height;
  let c = index / area % shape.channels;
  let n = index / area / shape.channels;
  let height = shape.height / 2u;
  let width = shape.width / 2u;
  var g = 0.0;
  if (y / 2u < height && x / 2u < width) {
    let pairs = (shape.channels + 1u) / 2u;
    let word = chosen[((n * pairs + c / 2u) * height + y / 2u) * ((width + 7u) / 8u) + x / 16u];
    let winner = extractBits(word, 16u * (c % 2u) + 2u * (x / 2u % 8u), 2u);
    if (winner == y % 2u * 2u + x % 2u) {
      g = outputGradient[((n * shape.channels + c) * height + y / 2u) * width + x / 2u];
    }
  }
  inputGradient[index] = g;
}
