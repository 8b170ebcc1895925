// What an adapter can do at best. A kernel's speed is reported as a part of these.
//
//   limits_fma     s ← s·a + b in registers alone: Σ over 12 chains of STEPS steps that start at 0, ¼ … 2¾
//   limits_copy    copied = source
//   limits_matmul  C = AᵀB by register tiles of 8×8, without barriers; A is (K,M), B is (K,N), C is (M,N)
//
// More chains would not fit the 16 vector registers of a CPU, and fewer wait for each other. M and N are multiples of
// 8. Libraries are measured against this plain product, so it stays as it is.

@group(0) @binding(0) var<storage, read> coefficients: array<f32>;  // a, b
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
@group(0) @binding(2) var<storage, read> source: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> copied: array<vec4f>;
@group(0) @binding(4) var<storage, read> left: array<vec4f>;
@group(0) @binding(5) var<storage, read> right: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> product: array<vec4f>;

// Invocations with work to do.
override COUNT: u32 = 64;
// A multiple of 8.
override STEPS: u32 = 512;

@compute @workgroup_size(64)
fn limits_fma(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= COUNT) { return; }
  let factor = vec4f(coefficients[0]);
  let addend = vec4f(coefficients[1]);
  let start = vec4f(0.0, 0.25, 0.5, 0.75);
  var s0 = start + vec4f(0.0);
  var s1 = start + vec4f(1.0);
  var s2 = start + vec4f(2.0);
  // Eight steps a turn, so that counting them costs little; the chains in turn, since SwiftShader keeps the order, in which
  // a step of the same chain would wait for the one before.
  for (var turn = 0u; turn < STEPS / 8u; turn++) {
    s0 = fma(s0, factor, addend);
    s1 = fma(s1, factor, addend);
    s2 = fma(s2, factor, addend);
    s0 = fma(s0, factor, addend);
    s1 = fma(s1, factor, addend);
    s2 = fma(s2, factor, addend);
    s0 = fma(s0, factor, addend);
    s1 = fma(s1, factor, addend);
    s2 = fma(s2, factor, addend);
    s0 = fma(s0, factor, addend);
    s1 = fma(s1, factor, addend);
    s2 = fma(s2, factor, addend);
    s0 = fma(s0, factor, addend);
    s1 = fma(s1, factor, addend);
    s2 = fma(s2, factor, addend);
    s0 = fma(s0, factor, addend);
    s1 = fma(s1, factor, addend);
    s2 = fma(s2, factor, addend);
    s0 = fma(s0, factor, addend);
    s1 = fma(s1, factor, addend);
    s2 = fma(s2, factor, addend);
    s0 = fma(s0, factor, addend);
    s1 = fma(s1, factor, addend);
    s2 = fma(s2, factor, addend);
  }
  let sum = s0 + s1 + s2;
  sums[id.x] = sum.x + sum.y + sum.z + sum.w;
}

@compute @workgroup_size(64)
fn limits_copy(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= COUNT) { return; }
  copied[id.x] = source[id.x];
}

override M: u32 = 512;
override N: u32 = 768;
override K: u32 = 1152;

// A workgroup makes 8 rows of 256 columns.
@compute @workgroup_size(32)
fn limits_matmul(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let row = group.y * 8u;
  let column = group.x * 256u + local * 8u;
  if (column >= N) { return; }
  var a = row / 4u;
  var b = column / 4u;
  var c0l = vec4f(0.0);
  var c0r = vec4f(0.0);
  var c1l = vec4f(0.0);
  var c1r = vec4f(0.0);
  var c2l = vec4f(0.0);
  var c2r = vec4f(0.0);
  var c3l = vec4f(0.0);
  var c3r = vec4f(0.0);
  var c4l = vec4f(0.0);
  var c4r = vec4f(0.0);
  var c5l = vec4f(0.0);
  var c5r = vec4f(0.0);
  var c6l = vec4f(0.0);
  var c6r = vec4f(0.0);
  var c7l = vec4f(0.0);
  var c7r = vec4f(0.0);
  for (var k = 0u; k < K; k++) {
    let a0 = left[a];
    let a1 = left[a + 1u];
    let bl = right[b];
    let br = right[b + 1u];
    c0l = fma(vec4f(a0.x), bl, c0l);
    c0r = fma(vec4f(a0.x), br, c0r);
    c1l = fma(vec4f(a0.y), bl, c1l);
    c1r = fma(vec4f(a0.y), br, c1r);
    c2l = fma(vec4f(a0.z), bl, c2l);
    c2r = fma(vec4f(a0.z), br, c2r);
    c3l = fma(vec4f(a0.w), bl, c3l);
    c3r = fma(vec4f(a0.w), br, c3r);
    c4l = fma(vec4f(a1.x), bl, c4l);
    c4r = fma(vec4f(a1.x), br, c4r);
    c5l = fma(vec4f(a1.y), bl, c5l);
    c5r = fma(vec4f(a1.y), br, c5r);
    c6l = fma(vec4f(a1.z), bl, c6l);
    c6r = fma(vec4f(a1.z), br, c6r);
    c7l = fma(vec4f(a1.w), bl, c7l);
    c7r = fma(vec4f(a1.w), br, c7r);
    a += M / 4u;
    b += N / 4u;
  }
  let stride = N / 4u;
  let at = row * stride + column / 4u;
  product[at] = c0l;
  product[at + 1u] = c0r;
  product[at + 1u * stride] = c1l;
  product[at + 1u * stride + 1u] = c1r;
  product[at + 2u * stride] = c2l;
  product[at + 2u * stride + 1u] = c2r;
  product[at + 3u * stride] = c3l;
  product[at + 3u * stride + 1u] = c3r;
  product[at + 4u * stride] = c4l;
  product[at + 4u * stride + 1u] = c4r;
  product[at + 5u * stride] = c5l;
  product[at + 5u * stride + 1u] = c5r;
  product[at + 6u * stride] = c6l;
  product[at + 6u * stride + 1u] = c6r;
  product[at + 7u * stride] = c7l;
  product[at + 7u * stride + 1u] = c7r;
}
