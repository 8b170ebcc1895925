// Sizes of one pass of a 3×3 convolution: (N,C,H,W) with a border of `pad` zeros to (N,K,H+2·pad−2,W+2·pad−2).
struct Shape {
  inputChannels: u32,
  inputHeight: u32,
  inputWidth: u32,
  outputChannels: u32,
  outputHeight: u32,
  outputWidth: u32,
  pad: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
